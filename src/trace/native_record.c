/* Records to streams and back. */
#include "trace/native.h"

#include <errno.h>

#define DELTA_ENTRY 9u /* bytes in fpr_native_block.deltas */

unsigned fpr_native_parts(enum fpr_trace_type type)
{
    enum { O = FPR_PART_ORDER, T = FPR_PART_TYPE, P = FPR_PART_PAGE };
    static const uint16_t parts[FPR_NR_TRACE_TYPES] = {
        [FPR_TRACE_ALLOC] = O | T | P | FPR_PART_GFP,
        [FPR_TRACE_GOT] = P,
        [FPR_TRACE_FREE] = O | P,
        [FPR_TRACE_FREE_BATCHED] = P,
        [FPR_TRACE_ZONE_LOCKED] = O | T | P | FPR_PART_REFILL,
        [FPR_TRACE_PCPU_DRAIN] = O | T | P,
        [FPR_TRACE_EXTFRAG] = O | T | P | FPR_PART_NR | FPR_PART_VALUE,
        [FPR_TRACE_BULK] = FPR_PART_GFP | FPR_PART_NR,
        [FPR_TRACE_BULK_PAGE] = P,
        [FPR_TRACE_REPORT] = FPR_PART_ENTRIES,
        [FPR_TRACE_REPORT_RET] = FPR_PART_VALUE,
        [FPR_TRACE_ISOLATE] = O | P,
        [FPR_TRACE_FREE_DIRECT] = O | T | P,
        [FPR_TRACE_BALANCE] = O | FPR_PART_NR,
        [FPR_TRACE_COMPACT_BEGIN] = P | FPR_PART_VALUE,
        [FPR_TRACE_COMPACT_END] = FPR_PART_VALUE,
        [FPR_TRACE_DUMP_BEGIN] = FPR_PART_NR,
        [FPR_TRACE_DUMP_END] = FPR_PART_NR,
        [FPR_TRACE_MARK] = FPR_PART_TEXT,
        [FPR_TRACE_OTHER] = FPR_PART_TEXT,
    };
    return parts[type];
}

enum fpr_native_class fpr_native_class_of(enum fpr_trace_type type)
{
    switch (type) {
    case FPR_TRACE_ALLOC:
        return FPR_CLASS_ALLOC;
    case FPR_TRACE_GOT:
        return FPR_CLASS_GOT;
    case FPR_TRACE_FREE:
        return FPR_CLASS_FREE;
    case FPR_TRACE_FREE_BATCHED:
        return FPR_CLASS_BATCHED;
    case FPR_TRACE_ZONE_LOCKED:
        return FPR_CLASS_LOCKED;
    case FPR_TRACE_PCPU_DRAIN:
        return FPR_CLASS_DRAIN;
    case FPR_TRACE_NOTIFY:
        return FPR_CLASS_NOTIFY;
    case FPR_TRACE_ISOLATE:
        return FPR_CLASS_ISOLATE;
    default:
        return FPR_CLASS_REST;
    }
}

int fpr_native_state_init(struct fpr_native_state *s)
{
    memset(s, 0, sizeof(*s));
    s->context[0] = s->context[1] = '.';
    s->guess = fpr_guess_create();
    return s->guess ? 0 : -ENOMEM;
}

void fpr_native_state_fini(struct fpr_native_state *s)
{
    fpr_guess_destroy(s->guess);
    s->guess = NULL;
}

/* Whether a record holds only what the format can say. */
static bool record_is_sound(const struct fpr_native_state *s, const struct fpr_trace_record *r)
{
    if ((unsigned)r->type >= FPR_NR_TRACE_TYPES || r->order > FPR_MAX_ORDER ||
        r->migratetype > FPR_NR_MIGRATETYPES)
        return false;
    /* Back by more than two years: no clock does that. */
    if (r->time < s->time && s->time - r->time >= (uint64_t)1 << 56)
        return false;
    unsigned parts = fpr_native_parts(r->type);
    if (parts & FPR_PART_ENTRIES) {
        if (r->nr > FPR_TRACE_MAX_SG || (r->nr && !r->sg))
            return false;
        for (unsigned i = 0; i < r->nr; i++)
            if (r->sg[i].order > FPR_MAX_ORDER)
                return false;
    }
    if ((parts & FPR_PART_REFILL) && r->nr > 1)
        return false;
    return !(parts & FPR_PART_TEXT) || memchr(r->text, '\0', sizeof(r->text));
}

static void encode_page(struct fpr_native_state *s, struct fpr_native_block *b,
                        enum fpr_native_class class, const struct fpr_trace_record *r)
{
    unsigned guess = r->pfn == FPR_PFN_NONE ? FPR_NATIVE_NO_PAGE : fpr_guess_find(s->guess, r);
    fpr_out_byte(&b->stream[FPR_STREAM_PAGE + class], guess);
    if (guess == FPR_GUESS_NONE)
        fpr_out_varint(&b->stream[FPR_STREAM_WIDE],
                       fpr_zigzag(r->pfn - fpr_guess_base(s->guess, r)));
}

static void encode_gfp(struct fpr_native_state *s, struct fpr_native_block *b, fpr_gfp gfp)
{
    unsigned i = 0;
    while (i < s->nr_gfp && s->gfp[i] != gfp)
        i++;
    if (i < s->nr_gfp) {
        fpr_out_byte(&b->stream[FPR_STREAM_GFP], i);
        return;
    }
    fpr_out_byte(&b->stream[FPR_STREAM_GFP], FPR_NATIVE_GFP_NEW);
    fpr_out_varint(&b->stream[FPR_STREAM_REST], gfp);
    if (s->nr_gfp < FPR_NATIVE_GFP_NEW)
        s->gfp[s->nr_gfp++] = gfp;
}

static bool entries_guessed(const struct fpr_guess *g, const struct fpr_trace_record *r)
{
    for (unsigned i = 0; i < r->nr; i++) {
        struct fpr_sg sg = fpr_guess_entry(g, i);
        if (sg.pfn != r->sg[i].pfn || sg.order != r->sg[i].order)
            return false;
    }
    return true;
}

static void encode_entries(struct fpr_native_state *s, struct fpr_out *rest,
                           const struct fpr_trace_record *r)
{
    bool guessed = entries_guessed(s->guess, r);
    fpr_out_byte(rest, r->nr);
    fpr_out_byte(rest, guessed);
    fpr_pfn last = 0;
    for (unsigned i = 0; !guessed && i < r->nr; i++) {
        fpr_out_varint(rest, fpr_zigzag(r->sg[i].pfn - last));
        fpr_out_byte(rest, r->sg[i].order);
        last = r->sg[i].pfn;
    }
}

/* Kind, task, context; the time's difference is put aside. */
static void encode_head(struct fpr_native_state *s, struct fpr_native_block *b,
                        enum fpr_native_class class, const struct fpr_trace_record *r)
{
    struct fpr_out *task = &b->stream[FPR_STREAM_TASK];
    uint8_t *context = &s->context[r->type != FPR_TRACE_GOT];
    unsigned kind = r->type;
    if (r->pid != s->pid || r->cpu != s->cpu) {
        kind |= FPR_NATIVE_TASK_CHANGED;
        fpr_out_varint(task, s->pid = r->pid);
        fpr_out_varint(task, s->cpu = r->cpu);
    }
    if (r->context != *context) {
        kind |= FPR_NATIVE_CONTEXT_CHANGED;
        fpr_out_byte(task, *context = r->context);
    }
    fpr_out_byte(&b->stream[FPR_STREAM_KIND], kind);
    unsigned char entry[DELTA_ENTRY];
    fpr_put_le(entry, r->time - s->time, 8);
    entry[8] = (unsigned char)class;
    fpr_out_bytes(&b->deltas, entry, sizeof(entry));
    s->time = r->time;
}

int fpr_native_encode(struct fpr_native_state *s, struct fpr_native_block *b,
                      const struct fpr_trace_record *r)
{
    if (!record_is_sound(s, r))
        return -EINVAL;
    enum fpr_native_class class = fpr_native_class_of(r->type);
    unsigned parts = fpr_native_parts(r->type);
    struct fpr_out *rest = &b->stream[FPR_STREAM_REST];
    encode_head(s, b, class, r);
    if (parts & FPR_PART_SHAPE)
        fpr_out_byte(&b->stream[FPR_STREAM_SHAPE + class],
                     (parts & FPR_PART_ORDER ? r->order : 0u) |
                         (parts & FPR_PART_TYPE ? (unsigned)r->migratetype << 4 : 0u) |
                         (parts & FPR_PART_REFILL ? r->nr << 7 : 0u));
    if (parts & FPR_PART_GFP)
        encode_gfp(s, b, r->gfp);
    if (parts & FPR_PART_PAGE)
        encode_page(s, b, class, r);
    if (parts & FPR_PART_NR)
        fpr_out_varint(rest, r->nr);
    if (parts & FPR_PART_VALUE)
        fpr_out_varint(rest, fpr_zigzag((uint64_t)(int64_t)r->value));
    if (parts & FPR_PART_ENTRIES)
        encode_entries(s, rest, r);
    if (parts & FPR_PART_TEXT) {
        size_t len = strlen(r->text);
        fpr_out_byte(rest, (unsigned)len);
        fpr_out_bytes(rest, r->text, len);
    }
    fpr_guess_learn(s->guess, r);
    b->count++;
    for (unsigned i = 0; i < FPR_NR_STREAMS; i++)
        if (b->stream[i].failed)
            return -ENOMEM;
    return b->deltas.failed ? -ENOMEM : 0;
}

static uint64_t greatest_divisor(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* A step in time and whether it goes back. A step of 2^63 and more cannot be one back. */
static bool step_back(uint64_t *delta)
{
    bool back = *delta > UINT64_MAX - ((uint64_t)1 << 56);
    if (back)
        *delta = 0 - *delta;
    return back;
}

int fpr_native_finish(struct fpr_native_block *b)
{
    const unsigned char *end = b->deltas.data + b->deltas.size;
    uint64_t unit = 0;
    for (const unsigned char *p = b->deltas.data; p < end && unit != 1; p += DELTA_ENTRY) {
        uint64_t delta = fpr_get_le(p, 8);
        step_back(&delta);
        unit = greatest_divisor(unit, delta);
    }
    b->unit = unit ? unit : 1;
    for (const unsigned char *p = b->deltas.data; p < end; p += DELTA_ENTRY) {
        struct fpr_out *out = &b->stream[FPR_STREAM_TIME + p[8]];
        uint64_t delta = fpr_get_le(p, 8);
        bool back = step_back(&delta);
        delta /= b->unit;
        if (!back && delta <= FPR_NATIVE_TIME_WIDE) {
            fpr_out_byte(out, (unsigned)delta);
            continue;
        }
        unsigned char bytes[8];
        unsigned n = 1;
        while (n < 8 && delta >> (8 * n))
            n++;
        fpr_put_le(bytes, delta, n);
        fpr_out_byte(out, (back ? FPR_NATIVE_TIME_BACK : FPR_NATIVE_TIME_WIDE) + n);
        fpr_out_bytes(out, bytes, n);
        if (out->failed)
            return -ENOMEM;
    }
    return 0;
}
