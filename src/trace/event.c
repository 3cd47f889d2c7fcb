#include "trace/event.h"

#include <errno.h>
#include <string.h>

#define BIT(f) FPR_FIELD_BIT(FPR_FIELD_##f)

/* An event: which fields must be there, and which may. */
struct fpr_event_rule {
    const char *name;
    enum fpr_trace_type type;
    uint32_t must;
    uint32_t may;
};

static const struct fpr_event_rule rules[] = {
    {"mm_page_alloc", FPR_TRACE_ALLOC, BIT(PFN) | BIT(ORDER) | BIT(MIGRATETYPE) | BIT(GFP_FLAGS),
     0},
    {"got", FPR_TRACE_GOT, BIT(PAGE), 0},
    {"mm_page_free", FPR_TRACE_FREE, BIT(PFN) | BIT(ORDER), 0},
    {"mm_page_free_batched", FPR_TRACE_FREE_BATCHED, BIT(PFN), 0},
    {"mm_page_alloc_zone_locked", FPR_TRACE_ZONE_LOCKED, BIT(PFN) | BIT(ORDER) | BIT(MIGRATETYPE),
     BIT(PERCPU_REFILL)},
    {"mm_page_pcpu_drain", FPR_TRACE_PCPU_DRAIN, BIT(PFN) | BIT(ORDER) | BIT(MIGRATETYPE), 0},
    {"mm_page_alloc_extfrag", FPR_TRACE_EXTFRAG,
     BIT(PFN) | BIT(ALLOC_ORDER) | BIT(FALLBACK_ORDER) | BIT(ALLOC_MIGRATETYPE) |
         BIT(FALLBACK_MIGRATETYPE),
     0},
    {"process", FPR_TRACE_PASS_BEGIN, 0, 0},
    {"process_ret", FPR_TRACE_PASS_END, 0, 0},
    {"report", FPR_TRACE_REPORT, BIT(NENTS), 0},
    {"report_ret", FPR_TRACE_REPORT_RET, BIT(RET), 0},
    {"isol", FPR_TRACE_ISOLATE, BIT(PAGE) | BIT(ORDER), 0},
    {"pcpfail", FPR_TRACE_PCP_LOCKED, 0, 0},
    {"freeone", FPR_TRACE_FREE_DIRECT, BIT(PFN) | BIT(ORDER) | BIT(MT), 0},
    {"notify", FPR_TRACE_NOTIFY, 0, 0},
    {"drainz", FPR_TRACE_DRAIN_ZONE, 0, 0},
    {"fold", FPR_TRACE_FOLD, 0, 0},
    {"balance", FPR_TRACE_BALANCE, BIT(ORDER) | BIT(HIGHEST), 0},
    {"balance_ret", FPR_TRACE_BALANCE_END, 0, 0},
    {"mm_compaction_begin", FPR_TRACE_COMPACT_BEGIN, BIT(ZONE_START), BIT(MODE) | BIT(SYNC)},
    {"mm_compaction_end", FPR_TRACE_COMPACT_END, 0, BIT(MODE) | BIT(SYNC)},
    {"tracing_mark_write", FPR_TRACE_MARK, 0, 0},
    {"splitmap", FPR_TRACE_OTHER, 0, 0},
    {"unres", FPR_TRACE_OTHER, 0, 0},
    {"setpb", FPR_TRACE_OTHER, 0, 0},
    {"mm_vmscan_wakeup_kswapd", FPR_TRACE_OTHER, 0, 0},
    {"mm_vmscan_kswapd_wake", FPR_TRACE_OTHER, 0, 0},
    {"mm_vmscan_kswapd_sleep", FPR_TRACE_OTHER, 0, 0},
    {"mm_vmscan_direct_reclaim_begin", FPR_TRACE_OTHER, 0, 0},
    {"mm_vmscan_direct_reclaim_end", FPR_TRACE_OTHER, 0, 0},
    {"mark_victim", FPR_TRACE_OTHER, 0, 0},
};

static uint32_t hash_text(const char *p, size_t len)
{
    uint32_t h = (uint32_t)len;
    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)p[i]) * 16777619u;
    return h ^ h >> 15;
}

void fpr_event_parser_init(struct fpr_event_parser *ep, uint64_t vmemmap)
{
    memset(ep, 0, sizeof(*ep));
    ep->vmemmap = vmemmap;
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        uint32_t h = hash_text(rules[i].name, strlen(rules[i].name));
        while (ep->slot[h % FPR_EVENT_SLOTS])
            h++;
        ep->slot[h % FPR_EVENT_SLOTS] = &rules[i];
    }
}

static const struct fpr_event_rule *find_rule(const struct fpr_event_parser *ep,
                                              struct fpr_span name)
{
    size_t len = (size_t)(name.end - name.p);
    const struct fpr_event_rule *rule;
    for (uint32_t h = hash_text(name.p, len); (rule = ep->slot[h % FPR_EVENT_SLOTS]); h++)
        if (strlen(rule->name) == len && memcmp(rule->name, name.p, len) == 0)
            return rule;
    return NULL;
}

bool fpr_event_fields(const struct fpr_event_parser *ep, struct fpr_span name,
                      enum fpr_trace_type *type, uint32_t *must, uint32_t *may)
{
    const struct fpr_event_rule *rule = find_rule(ep, name);
    if (!rule)
        return false;
    *type = rule->type;
    *must = rule->must;
    *may = rule->may;
    return true;
}

/* Stores the fields that `rule` wants. */
static int set_fields(struct fpr_event_parser *ep, const struct fpr_event_rule *rule,
                      struct fpr_span rest, struct fpr_trace_record *r)
{
    struct fpr_fields fields;
    fpr_fields_split(rest, &fields);
    uint32_t missing = rule->must & ~fields.seen;
    if (missing) {
        ep->field = fpr_field_name((enum fpr_field)__builtin_ctz(missing));
        return fpr_event_bad(ep, "field is missing");
    }
    for (uint32_t want = (rule->must | rule->may) & fields.seen; want; want &= want - 1) {
        enum fpr_field field = (enum fpr_field)__builtin_ctz(want);
        int rc = fpr_event_set_field(ep, field, fields.value[field], r);
        if (rc < 0) {
            ep->field = fpr_field_name(field);
            return rc;
        }
    }
    return 0;
}

/* The entries "l0=ADDRESS n0=BYTES l1=…" of a report. */
static int set_entries(struct fpr_event_parser *ep, struct fpr_span rest,
                       struct fpr_trace_record *r)
{
    uint32_t have_page = 0;
    uint32_t have_size = 0;
    ep->field = "nents";
    for (const char *p = rest.p; p < rest.end;) {
        p = fpr_scan_blanks(p, rest.end);
        const char *token = p;
        while (p < rest.end && *p != ' ')
            p++;
        uint64_t i;
        uint64_t n;
        const char *eq = token < p && (*token == 'l' || *token == 'n')
                             ? fpr_scan_decimal(token + 1, p, &i)
                             : NULL;
        if (!eq || *eq != '=' || i >= r->nr)
            continue;
        bool is_page = *token == 'l';
        ep->field = is_page ? "l" : "n";
        if (fpr_scan_number(eq + 1, p, &n) != p)
            return fpr_event_bad(ep, "not a number");
        int rc = is_page ? fpr_event_page_pfn(ep, n, &ep->sg[i].pfn)
                         : fpr_event_report_order(ep, n, &ep->sg[i].order);
        if (rc < 0)
            return rc;
        *(is_page ? &have_page : &have_size) |= 1u << i;
    }
    uint32_t want = r->nr == 32 ? UINT32_MAX : (1u << r->nr) - 1;
    r->sg = ep->sg;
    if ((have_page & want) == want && (have_size & want) == want)
        return 0;
    ep->field = "nents";
    return fpr_event_bad(ep, "fewer entries than nents says");
}

/* Whether `rest` begins with the word `word`; if so, steps behind it and the blanks. */
static bool take_word(struct fpr_span *rest, const char *word)
{
    size_t len = strlen(word);
    size_t have = (size_t)(rest->end - rest->p);
    if (have < len || memcmp(rest->p, word, len) != 0 || (have > len && rest->p[len] != ' '))
        return false;
    rest->p = fpr_scan_blanks(rest->p + len, rest->end);
    return true;
}

static int set_bulk(struct fpr_event_parser *ep, struct fpr_span rest, struct fpr_trace_record *r)
{
    struct fpr_fields fields;
    fpr_fields_split(rest, &fields);
    static const enum fpr_field want[] = {FPR_FIELD_GFP, FPR_FIELD_PRE, FPR_FIELD_GOT};
    uint64_t n[3] = {0, 0, 0};
    for (int i = 0; i < 3; i++) {
        ep->field = fpr_field_name(want[i]);
        if (!(fields.seen & FPR_FIELD_BIT(want[i])))
            return fpr_event_bad(ep, "field is missing");
        struct fpr_span v = fields.value[want[i]];
        if (i == 0 && fpr_event_hex(ep, v, &n[i]) < 0)
            return -EINVAL;
        if (i > 0 && fpr_scan_decimal(v.p, v.end, &n[i]) != v.end)
            return fpr_event_bad(ep, "not a number");
        if (n[i] > UINT32_MAX)
            return fpr_event_bad(ep, "number out of range");
    }
    if (n[2] < n[1])
        return fpr_event_bad(ep, "smaller than pre");
    /* The kernel's bits; those that matter to the model are ours too. */
    r->gfp = (fpr_gfp)n[0] & FPR_GFP_ALL_BITS;
    r->nr = (uint32_t)(n[2] - n[1]);
    return 1;
}

/* The recorder's own lines, whatever function printed them. @return 1, 0 (none of them), -EINVAL */
static int parse_recorder_line(struct fpr_event_parser *ep, struct fpr_span rest,
                               struct fpr_trace_record *r)
{
    if (take_word(&rest, "FS_BULK")) {
        r->type = FPR_TRACE_BULK;
        return set_bulk(ep, rest, r);
    }
    if (take_word(&rest, "FS_BP")) {
        r->type = FPR_TRACE_BULK_PAGE;
        ep->field = "FS_BP";
        const char *stop = rest.p;
        while (stop < rest.end && *stop != ' ')
            stop++;
        int rc = fpr_event_hex(ep, (struct fpr_span){rest.p, stop}, &r->pfn);
        return rc < 0 ? rc : 1;
    }
    bool begin = take_word(&rest, "FS_DUMP_BEGIN");
    if (!begin && !take_word(&rest, "FS_DUMP_END"))
        return 0;
    r->type = begin ? FPR_TRACE_DUMP_BEGIN : FPR_TRACE_DUMP_END;
    r->nr = take_word(&rest, "after");
    if (r->nr || take_word(&rest, "before"))
        return 1;
    ep->field = begin ? "FS_DUMP_BEGIN" : "FS_DUMP_END";
    return fpr_event_bad(ep, "neither before nor after");
}

/* Copies text for MARK and OTHER, cut to the room there is, without what cannot be printed. */
static size_t append_text(char *text, size_t used, size_t room, struct fpr_span s)
{
    while (s.p < s.end && used + 1 < room) {
        char c = *s.p++;
        text[used++] = (unsigned char)c < ' ' || c == 0x7f ? '?' : c;
    }
    while (used && text[used - 1] == ' ')
        used--;
    text[used] = '\0';
    return used;
}

static void set_text(struct fpr_span name, struct fpr_span rest, struct fpr_trace_record *r)
{
    size_t used = 0;
    if (r->type == FPR_TRACE_OTHER) {
        used = append_text(r->text, used, sizeof(r->text), name);
        /* "(function+0x0/0x170)": where a probe sits is not news. */
        const char *close = rest.p < rest.end && *rest.p == '('
                                ? memchr(rest.p, ')', (size_t)(rest.end - rest.p))
                                : NULL;
        if (close)
            rest.p = fpr_scan_blanks(close + 1, rest.end);
        if (rest.p == rest.end || used + 2 > sizeof(r->text))
            return;
        r->text[used++] = ' ';
    }
    append_text(r->text, used, sizeof(r->text), rest);
}

/* trace-cmd shows what functions and users print as events of their own: "print: FUNCTION: TEXT",
 * raw "print: ip=FUNCTION buf=TEXT". Puts function and text where other tools have them. */
static void unwrap_print(struct fpr_span *name, struct fpr_span *rest)
{
    size_t len = (size_t)(name->end - name->p);
    if (len < 5 || len > 6 ||
        (memcmp(name->p, "print", 5) != 0 && memcmp(name->p, "bprint", len) != 0 &&
         memcmp(name->p, "bputs", 5) != 0))
        return;
    const char *p = rest->p;
    bool raw = rest->end - p > 3 && memcmp(p, "ip=", 3) == 0;
    const char *function = raw ? p + 3 : p;
    const char *stop = function;
    while (stop < rest->end && *stop != ' ' && *stop != ':')
        stop++;
    const char *text = stop < rest->end && *stop == ':' ? stop + 1 : stop;
    text = fpr_scan_blanks(text, rest->end);
    if (raw && rest->end - text > 4 && memcmp(text, "buf=", 4) == 0)
        text += 4;
    *name = (struct fpr_span){function, stop};
    *rest = (struct fpr_span){text, rest->end};
}

int fpr_event_parse(struct fpr_event_parser *ep, struct fpr_span name, struct fpr_span rest,
                    struct fpr_trace_record *r)
{
    memset(r, 0, sizeof(*r));
    ep->field = NULL;
    const struct fpr_event_rule *rule = find_rule(ep, name);
    if (!rule) {
        unwrap_print(&name, &rest);
        if (rest.end - rest.p > 5 && memcmp(rest.p, "FS_", 3) == 0) {
            int rc = parse_recorder_line(ep, rest, r);
            if (rc)
                return rc;
        }
        rule = find_rule(ep, name);
        if (!rule)
            return 0;
    }
    r->type = rule->type;
    int rc = 0;
    if (rule->must | rule->may)
        rc = set_fields(ep, rule, rest, r);
    else if (rule->type == FPR_TRACE_MARK || rule->type == FPR_TRACE_OTHER)
        set_text(name, rest, r);
    if (rc == 0 && rule->type == FPR_TRACE_REPORT)
        rc = set_entries(ep, rest, r);
    return rc < 0 ? rc : 1;
}
