/* Questions: a few random steps, then one more, whose outcome is asked for. */
#include "quiz.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct asking {
    struct lab lab;
    uint64_t random;
    FILE *text; /* what the student sees */
    unsigned names;
    struct question *q;
};

static uint64_t draw(struct asking *a, uint64_t below)
{
    uint64_t x = a->random += 0x9e3779b97f4a7c15ull; /* splitmix64 */
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ x >> 27) * 0x94d049bb133111ebull;
    return (x ^ x >> 31) % below;
}

/* Does a step before the student's eyes. */
__attribute__((format(printf, 2, 3))) static void step(struct asking *a, const char *format, ...)
{
    char line[200];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    fprintf(a->text, "  %-26s  ", line);
    if (lab_line(&a->lab, line)) {
        fprintf(a->text, "%s\n", a->lab.error);
    }
}

/* Does the step that is asked about; nothing of it is seen. */
__attribute__((format(printf, 2, 3))) static void asked(struct asking *a, const char *format, ...)
{
    char line[200];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    a->lab.quiet = true;
    lab_line(&a->lab, line);
    a->lab.quiet = false;
}

static void begin(struct asking *a, const char *zone)
{
    fprintf(a->text, "  %s\n", zone);
    asked(a, "%s", zone);
}

/* n allocations named a, b, c …; sometimes one is freed. */
static void mix(struct asking *a, unsigned n, unsigned orders, const char *type)
{
    for (unsigned k = 0; k < n; k++) {
        step(a, "%c = alloc %u %s", 'a' + (int)a->names++, (unsigned)draw(a, orders), type);
        if (a->lab.w.nr_names > 2 && draw(a, 4) == 0) {
            step(a, "free %s", a->lab.w.names[draw(a, a->lab.w.nr_names)].text);
        }
    }
}

static void show(struct asking *a)
{
    fprintf(a->text, "The lists, head first:\n");
    lab_show(&a->lab, "lists", NULL);
}

static void answer(struct asking *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void answer(struct asking *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(a->q->answer, sizeof(a->q->answer), format, args);
    va_end(args);
}

static void ask_split(struct asking *a)
{
    unsigned order = (unsigned)draw(a, 3);
    begin(a, "zone pages 32 max-order 4 pageblock 4");
    mix(a, 4 + (unsigned)draw(a, 3), 3, "movable");
    show(a);
    fprintf(a->text, "Which frame does x get by: x = alloc %u movable\n", order);
    asked(a, "x = alloc %u movable", order);
    const struct lab_name *x = lab_name_find(&a->lab, "x");
    answer(a, "%s", x ? lab_hex(x->pfn).text : "none");
}

/* Frees one at random. Returns the block that it became. */
static struct fpr_block free_one(struct asking *a)
{
    struct fpr_block b = {.pfn = 0};
    enum fpr_page_kind kind;
    struct lab_name name = a->lab.w.names[draw(a, a->lab.w.nr_names)];
    asked(a, "free %s", name.text);
    fpr_zone_page(a->lab.w.zone, name.pfn, &kind, &b);
    return b;
}

static void ask_merge(struct asking *a)
{
    begin(a, "zone pages 32 max-order 4 pageblock 4");
    mix(a, 5 + (unsigned)draw(a, 3), 3, "movable");
    show(a);
    struct fpr_block b = free_one(a);
    fprintf(a->text,
            "%s: in which free block do these frames end up? (its first frame and its order)\n",
            a->lab.history[a->lab.done - 1]);
    answer(a, "%s %u", lab_hex(b.pfn).text, b.order);
}

static int add_frame(void *ctx, const struct fpr_block *b)
{
    struct asking *a = ctx;
    size_t at = strlen(a->q->answer);
    snprintf(a->q->answer + at, sizeof(a->q->answer) - at, "%s%s", at ? " " : "",
             lab_hex(b->pfn).text);
    return 0;
}

static void ask_lists(struct asking *a)
{
    begin(a, "zone pages 32 max-order 4 pageblock 4");
    mix(a, 6 + (unsigned)draw(a, 4), 2, "movable");
    show(a);
    struct fpr_block b = free_one(a);
    fprintf(a->text, "What does the order-%u Movable list look like after: %s (head first)\n",
            b.order, a->lab.history[a->lab.done - 1]);
    fpr_zone_walk_free(a->lab.w.zone, b.order, FPR_MOVABLE, add_frame, a);
}

static void ask_steal(struct asking *a)
{
    static const char *const types[] = {"unmovable", "reclaimable"};
    const char *type = types[draw(a, 2)];
    begin(a, "zone pages 32 max-order 4 pageblock 3");
    mix(a, 4 + (unsigned)draw(a, 4), 3, "movable");
    show(a);
    fprintf(a->text,
            "Which frame does x get by: x = alloc 0 %s\nand of which type is its pageblock then?\n",
            type);
    asked(a, "x = alloc 0 %s", type);
    const struct lab_name *x = lab_name_find(&a->lab, "x");
    int mt = x ? fpr_zone_pageblock_type(a->lab.w.zone, x->pfn) : -1;
    answer(a, "%s %s", x ? lab_hex(x->pfn).text : "none",
           mt < 0 ? "none" : fpr_migratetype_name(mt));
}

static void ask_pcp(struct asking *a)
{
    char zone[80];
    snprintf(zone, sizeof(zone), "zone pages 32 pageblock 4 high %u batch %u",
             4 + (unsigned)draw(a, 3), 2 + (unsigned)draw(a, 2));
    begin(a, zone);
    mix(a, 5 + (unsigned)draw(a, 5), 1, "movable");
    show(a);
    struct fpr_pcp_counters p;
    if (draw(a, 2) && a->lab.w.nr_names) {
        free_one(a);
    } else {
        asked(a, "x = alloc 0 movable");
    }
    fprintf(a->text, "How many pages are on the per-cpu lists after: %s\n",
            a->lab.history[a->lab.done - 1]);
    fpr_zone_get_pcp(a->lab.w.zone, 0, &p);
    answer(a, "%u", p.count);
}

static void ask_watermark(struct asking *a)
{
    unsigned order = (unsigned)draw(a, 4);
    char zone[80];
    snprintf(zone, sizeof(zone), "zone pages 32 pageblock 4 min %u low %u high-mark %u",
             6 + (unsigned)draw(a, 4), 10 + (unsigned)draw(a, 3), 14u);
    begin(a, zone);
    mix(a, 6 + (unsigned)draw(a, 5), 4, "movable");
    show(a);
    lab_show(&a->lab, "zone", NULL);
    fprintf(a->text, "Does this succeed (yes or no): x = alloc %u movable\n", order);
    asked(a, "x = alloc %u movable", order);
    answer(a, "%s", lab_name_find(&a->lab, "x") ? "yes" : "no");
}

static void ask_report(struct asking *a)
{
    struct lab_log *log = &a->lab.log;
    begin(a, "zone pages 64 max-order 3 pageblock 2");
    char knobs[60];
    unsigned capacity = 1 + (unsigned)draw(a, 3), budget = (unsigned)draw(a, 3);
    snprintf(knobs, sizeof(knobs), "reporting capacity %u budget %u", capacity, budget);
    begin(a, knobs);
    mix(a, 4 + (unsigned)draw(a, 5), 3, "movable");
    show(a);
    asked(a, "report");
    fprintf(a->text, "How many calls does the next pass make, and how many blocks do they hold?\n");
    answer(a, "%zu %zu", log->nr_calls, log->nr_sgs);
}

static const struct {
    const char *name;
    void (*ask)(struct asking *a);
} topics[] = {{"split", ask_split},  {"merge", ask_merge}, {"lists", ask_lists},
              {"steal", ask_steal},  {"pcp", ask_pcp},     {"watermark", ask_watermark},
              {"report", ask_report}};
#define NR_TOPICS (sizeof(topics) / sizeof(topics[0]))

const char *const *lab_quiz_topics(void)
{
    static const char *const names[] = {"split", "merge",     "lists",  "steal",
                                        "pcp",   "watermark", "report", NULL};
    return names;
}

static void explain(struct asking *a)
{
    size_t size;
    FILE *why = open_memstream(&a->q->why, &size);
    if (why) {
        a->lab.out = why;
        lab_line(&a->lab, "why");
        fclose(why);
    }
}

const char *lab_question(const struct lab_quiz *quiz, unsigned n, struct question *q)
{
    size_t k = n % NR_TOPICS, size;
    for (size_t i = 0; quiz->topic && i < NR_TOPICS; i++) {
        k = strcmp(topics[i].name, quiz->topic) ? k : i;
    }
    memset(q, 0, sizeof(*q));
    struct asking *a = calloc(1, sizeof(*a));
    FILE *text = a ? open_memstream(&q->text, &size) : NULL;
    if (!text) {
        free(a);
        return NULL;
    }
    a->random = quiz->seed * 1000003u + n;
    a->text = text;
    a->q = q;
    lab_init(&a->lab, text, false);
    a->lab.width = quiz->width;
    topics[k].ask(a);
    fclose(text);
    explain(a);
    lab_destroy(&a->lab);
    free(a);
    if (!q->answer[0]) {
        snprintf(q->answer, sizeof(q->answer), "empty");
    }
    for (char *c = q->answer; *c; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    return topics[k].name;
}

void lab_question_free(struct question *q)
{
    free(q->text);
    free(q->why);
}
