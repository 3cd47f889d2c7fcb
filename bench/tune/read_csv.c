/* Reads a sweep or a share of one back from tune's CSV. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tune.h"

struct reader {
    const char *path;
    unsigned line; /* from 1 */
    struct tune_sweep *sweep;
    struct tune_trace *trace; /* the one that comments describe */
};

static _Noreturn void wrong(const struct reader *r, const char *field, const char *why)
{
    bench_die(BENCH_USAGE, "%s:%u: %s: %s", r->path, r->line, field, why);
}

/* The text after "key: " or NULL. */
static const char *after(const char *line, const char *key)
{
    size_t len = strlen(key);
    return !strncmp(line, key, len) && line[len] == ':' ? line + len + 1 + (line[len + 1] == ' ')
                                                        : NULL;
}

/* The value of "key=value" in a line of such words. */
static const char *value_of(const struct reader *r, const char *line, const char *key, char *value,
                            size_t size)
{
    size_t len = strlen(key);
    for (const char *word = line; *word; word += strcspn(word, " ")) {
        word += strspn(word, " ");
        if (!strncmp(word, key, len) && word[len] == '=') {
            snprintf(value, size, "%.*s", (int)strcspn(word + len + 1, " "), word + len + 1);
            return value;
        }
    }
    wrong(r, key, "is missing");
}

static double number(const struct reader *r, const char *field, const char *text)
{
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    if (end == text || *end || errno || !isfinite(value)) {
        wrong(r, field, "not a number");
    }
    return value;
}

static uint64_t whole(const struct reader *r, const char *field, const char *text)
{
    double value = number(r, field, text);
    if (!(value >= 0 && value < 9007199254740992.0)) {
        wrong(r, field, "out of range");
    }
    return (uint64_t)value;
}

static void read_list(struct reader *r, const char *line, const char *key, uint64_t max,
                      struct bench_list *list)
{
    char value[2048];
    const char *bad = bench_list_parse(value_of(r, line, key, value, sizeof(value)), 0, max, list);
    if (bad) {
        wrong(r, key, bad);
    }
}

static void read_grid(struct reader *r, const char *line)
{
    struct tune_grid grid;
    read_list(r, line, "orders", FPR_MAX_ORDER, &grid.orders);
    read_list(r, line, "budget_divisors", 1000000, &grid.budgets);
    read_list(r, line, "capacities", 65536, &grid.capacities);
    read_list(r, line, "delays_ms", 3600000, &grid.delays);
    if (r->sweep->nr_settings) {
        wrong(r, "grid", "given twice");
    }
    tune_sweep_set_grid(r->sweep, &grid);
}

static void read_costs(struct reader *r, const char *line)
{
    char value[32];
#define FPR_X(name, def, text)                                                                     \
    r->sweep->costs.name = whole(r, #name, value_of(r, line, #name, value, sizeof(value)));
    FPR_HOST_COSTS(FPR_X)
#undef FPR_X
}

/* Cuts the next comma-separated field off; quotes as in RFC 4180. NULL at the end. */
static char *next_field(char **rest)
{
    char *start = *rest;
    if (!start) {
        return NULL;
    }
    if (*start != '"') {
        char *comma = strchr(start, ',');
        *rest = comma ? comma + 1 : NULL;
        if (comma) {
            *comma = '\0';
        }
        return start;
    }
    char *to = start, *from = start + 1;
    while (*from && (*from != '"' || from[1] == '"')) {
        from += *from == '"';
        *to++ = *from++;
    }
    from += *from == '"';
    *rest = *from == ',' ? from + 1 : NULL;
    *to = '\0';
    return start;
}

static void read_metrics(struct reader *r, char **rest, struct tune_row *row)
{
    for (int m = 0; m < TUNE_NR_METRICS; m++) {
        const char *name = tune_metric_info[m].name;
        const char *text = next_field(rest);
        if (!text) {
            wrong(r, name, "is missing");
        }
        row->metric[m] = *text ? number(r, name, text) : NAN;
    }
    row->done = true;
}

static void comment_of_trace(struct reader *r, char *line)
{
    struct tune_trace *t = r->trace;
    const char *text;
    if ((text = after(line, "kernel"))) {
        snprintf(t->release, sizeof(t->release), "%s", text);
    } else if ((text = after(line, "profile"))) {
        snprintf(t->profile, sizeof(t->profile), "%s", text);
    } else if ((text = after(line, "mode"))) {
        snprintf(t->mode, sizeof(t->mode), "%s", text);
    } else if ((text = after(line, "start"))) {
        snprintf(t->start, sizeof(t->start), "%s", text);
    } else if ((text = after(line, "span_s"))) {
        t->span_s = number(r, "span_s", text);
    } else if ((text = after(line, "lost_events"))) {
        t->lost = whole(r, "lost_events", text);
    } else if ((text = after(line, "good_for"))) {
        snprintf(t->good_for, sizeof(t->good_for), "%s", text);
    } else if ((text = after(line, "events"))) {
        t->events = whole(r, "events", text);
    } else if (after(line, "baseline")) {
        char *rest = strchr(line, ',');
        rest = rest ? rest + 1 : NULL;
        read_metrics(r, &rest, &t->baseline);
    }
}

static void read_comment(struct reader *r, char *line)
{
    struct tune_sweep *sweep = r->sweep;
    const char *text;
    char value[64];
    if (!strncmp(line, "fpr-bench tune ", 15)) {
        snprintf(sweep->version, sizeof(sweep->version), "%s", line + 15);
    } else if ((text = after(line, "shard"))) {
        if (sscanf(text, "%u/%u", &sweep->shard, &sweep->shards) != 2 || !sweep->shard ||
            sweep->shard > sweep->shards) {
            wrong(r, "shard", "not I/N");
        }
    } else if ((text = after(line, "model"))) {
        snprintf(sweep->model, sizeof(sweep->model), "%s", text);
    } else if ((text = after(line, "grid"))) {
        read_grid(r, text);
    } else if ((text = after(line, "worth"))) {
        sweep->gib_per_cpu =
            number(r, "gib_per_cpu", value_of(r, text, "gib_per_cpu", value, sizeof(value)));
    } else if ((text = after(line, "costs"))) {
        read_costs(r, text);
    } else if ((text = after(line, "trace"))) {
        if (!sweep->nr_settings) {
            wrong(r, "grid", "must come before the traces");
        }
        r->trace = tune_sweep_add_trace(sweep, text);
    } else if (r->trace) {
        comment_of_trace(r, line);
    }
}

static size_t find_setting(const struct reader *r, const unsigned knob[4])
{
    for (size_t i = 0; i < r->sweep->nr_settings; i++) {
        struct tune_setting s = tune_setting_at(r->sweep, i);
        if (s.order == knob[0] && s.budget_divisor == knob[1] && s.capacity == knob[2] &&
            s.delay_ms == knob[3]) {
            return i;
        }
    }
    wrong(r, "order", "a setting that is not in the grid");
}

static void read_row(struct reader *r, char *line)
{
    static const char *const knobs[] = {"order", "budget_divisor", "capacity", "delay_ms"};
    char *rest = line;
    const char *path = next_field(&rest);
    struct tune_trace *trace = NULL;
    for (size_t t = 0; t < r->sweep->nr_traces && !trace; t++) {
        trace = strcmp(r->sweep->traces[t].path, path) ? NULL : &r->sweep->traces[t];
    }
    if (!trace) {
        wrong(r, "trace", "not one of those in the comments");
    }
    unsigned knob[4];
    for (int k = 0; k < 4; k++) {
        const char *text = next_field(&rest);
        double value = text ? number(r, knobs[k], text) : -1;
        if (!(value >= 0 && value <= 3600000)) {
            wrong(r, knobs[k], "out of range");
        }
        knob[k] = (unsigned)value;
    }
    struct tune_row *row = &trace->rows[find_setting(r, knob)];
    if (row->done) {
        wrong(r, "order", "the setting occurs twice");
    }
    read_metrics(r, &rest, row);
}

void tune_read_csv(const char *path, const char *text, struct tune_sweep *sweep)
{
    struct reader r = {.path = path, .sweep = sweep};
    bool header = false;
    char *copy = strdup(text);
    if (!copy) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    char *next = copy;
    while (next && *next) {
        char *line = next;
        r.line++;
        next = strchr(line, '\n');
        if (!next) {
            wrong(&r, "line", "cut short");
        }
        *next++ = '\0';
        if (!strncmp(line, "# ", 2)) {
            read_comment(&r, line + 2);
        } else if (!header) {
            if (strncmp(line, "trace,order,", 12) != 0) {
                wrong(&r, "header", "not that of a sweep");
            }
            header = true;
        } else {
            read_row(&r, line);
        }
    }
    free(copy);
    r.line = r.line ? r.line : 1;
    if (!header || !sweep->nr_traces) {
        wrong(&r, "header", "not a sweep: no header line or no trace");
    }
}
