/* Streams to records: the reverse of native_record.c. */
#include "trace/native.h"

#include <errno.h>

static void decode_time(struct fpr_native_state *s, struct fpr_native_cursor *c, unsigned class)
{
    struct fpr_in *in = &c->stream[FPR_STREAM_TIME + class];
    unsigned byte = fpr_in_byte(in);
    if (byte <= FPR_NATIVE_TIME_WIDE)
        s->time += byte * c->unit;
    else if (byte <= FPR_NATIVE_TIME_BACK)
        s->time += fpr_in_le(in, byte - FPR_NATIVE_TIME_WIDE) * c->unit;
    else
        s->time -= fpr_in_le(in, byte - FPR_NATIVE_TIME_BACK) * c->unit;
}

static bool decode_page(struct fpr_native_state *s, struct fpr_native_cursor *c, unsigned class,
                        struct fpr_trace_record *r)
{
    unsigned guess = fpr_in_byte(&c->stream[FPR_STREAM_PAGE + class]);
    if (guess == FPR_GUESS_NONE)
        r->pfn =
            fpr_guess_base(s->guess, r) + fpr_unzigzag(fpr_in_varint(&c->stream[FPR_STREAM_WIDE]));
    else if (guess == FPR_NATIVE_NO_PAGE)
        r->pfn = FPR_PFN_NONE;
    else if (guess < fpr_guess_count(r->type))
        r->pfn = fpr_guess_page(s->guess, r, guess);
    else
        return false;
    return true;
}

static bool decode_gfp(struct fpr_native_state *s, struct fpr_native_cursor *c, fpr_gfp *gfp)
{
    unsigned i = fpr_in_byte(&c->stream[FPR_STREAM_GFP]);
    if (i < s->nr_gfp) {
        *gfp = s->gfp[i];
        return true;
    }
    if (i != FPR_NATIVE_GFP_NEW)
        return false;
    *gfp = (fpr_gfp)fpr_in_varint(&c->stream[FPR_STREAM_REST]);
    if (s->nr_gfp < FPR_NATIVE_GFP_NEW)
        s->gfp[s->nr_gfp++] = *gfp;
    return true;
}

static bool decode_entries(struct fpr_native_state *s, struct fpr_in *rest,
                           struct fpr_trace_record *r, struct fpr_sg *sg)
{
    r->nr = fpr_in_byte(rest);
    unsigned guessed = fpr_in_byte(rest);
    if (r->nr > FPR_TRACE_MAX_SG || guessed > 1)
        return false;
    fpr_pfn last = 0;
    for (unsigned i = 0; i < r->nr; i++) {
        if (guessed) {
            sg[i] = fpr_guess_entry(s->guess, i);
            continue;
        }
        last += fpr_unzigzag(fpr_in_varint(rest));
        sg[i].pfn = last;
        sg[i].order = fpr_in_byte(rest);
        if (sg[i].order > FPR_MAX_ORDER)
            return false;
    }
    r->sg = sg;
    return true;
}

static bool decode_text(struct fpr_in *rest, struct fpr_trace_record *r)
{
    size_t len = fpr_in_byte(rest);
    if (len >= sizeof(r->text) || (size_t)(rest->end - rest->p) < len)
        return false;
    memcpy(r->text, rest->p, len);
    rest->p += len;
    return true;
}

/* Parts that only some kinds have. */
static bool decode_parts(struct fpr_native_state *s, struct fpr_native_cursor *c, unsigned class,
                         struct fpr_trace_record *r, struct fpr_sg *sg)
{
    unsigned parts = fpr_native_parts(r->type);
    struct fpr_in *rest = &c->stream[FPR_STREAM_REST];
    if (parts & FPR_PART_SHAPE) {
        unsigned shape = fpr_in_byte(&c->stream[FPR_STREAM_SHAPE + class]);
        r->order = shape & 15;
        r->migratetype = shape >> 4 & 7;
        r->nr = shape >> 7;
        if (r->order > FPR_MAX_ORDER || r->migratetype > FPR_NR_MIGRATETYPES)
            return false;
    }
    if ((parts & FPR_PART_GFP) && !decode_gfp(s, c, &r->gfp))
        return false;
    if ((parts & FPR_PART_PAGE) && !decode_page(s, c, class, r))
        return false;
    if (parts & FPR_PART_NR)
        r->nr = (uint32_t)fpr_in_varint(rest);
    if (parts & FPR_PART_VALUE)
        r->value = (int32_t)(uint32_t)fpr_unzigzag(fpr_in_varint(rest));
    if ((parts & FPR_PART_ENTRIES) && !decode_entries(s, rest, r, sg))
        return false;
    return !(parts & FPR_PART_TEXT) || decode_text(rest, r);
}

static bool any_failed(const struct fpr_native_cursor *c)
{
    for (unsigned i = 0; i < FPR_NR_STREAMS; i++)
        if (c->stream[i].failed || (c->left == 0 && c->stream[i].p != c->stream[i].end))
            return true;
    return false;
}

int fpr_native_decode(struct fpr_native_state *s, struct fpr_native_cursor *c,
                      struct fpr_trace_record *r, struct fpr_sg *sg)
{
    unsigned kind = fpr_in_byte(&c->stream[FPR_STREAM_KIND]);
    if (kind > (FPR_NATIVE_KIND_MASK | FPR_NATIVE_TASK_CHANGED | FPR_NATIVE_CONTEXT_CHANGED) ||
        (kind & FPR_NATIVE_KIND_MASK) >= FPR_NR_TRACE_TYPES)
        return -EINVAL;
    memset(r, 0, sizeof(*r));
    r->type = (enum fpr_trace_type)(kind & FPR_NATIVE_KIND_MASK);
    struct fpr_in *task = &c->stream[FPR_STREAM_TASK];
    if (kind & FPR_NATIVE_TASK_CHANGED) {
        s->pid = (uint32_t)fpr_in_varint(task);
        s->cpu = (uint16_t)fpr_in_varint(task);
    }
    uint8_t *context = &s->context[r->type != FPR_TRACE_GOT];
    if (kind & FPR_NATIVE_CONTEXT_CHANGED)
        *context = (uint8_t)fpr_in_byte(task);
    unsigned class = fpr_native_class_of(r->type);
    decode_time(s, c, class);
    r->pid = s->pid;
    r->cpu = s->cpu;
    r->context = *context;
    r->time = s->time;
    bool sound = decode_parts(s, c, class, r, sg);
    c->left--;
    /* A stream that was too short has given zeros; looked for once in a while is enough. */
    if (!sound || ((c->left & 1023) == 0 && any_failed(c)))
        return -EINVAL;
    fpr_guess_learn(s->guess, r);
    return 0;
}
