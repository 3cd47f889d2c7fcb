/* Doing a script's operations to one side: devices, passes, callbacks. */
#include "support/script_side.h"

#include <inttypes.h>

/* One block in `refuse` is kept from the device, as pinned memory is. */
static bool may_report(void *ctx, fpr_pfn pfn, unsigned order)
{
    const struct side *s = ctx;

    return (pfn >> order) % s->refuse != 1 % s->refuse;
}

void side_register(struct side *s, const struct script_op *op)
{
    struct fpr_report_config c;
    int err;

    fpr_report_config_init(&c);
    c.order = (int)op->a[0];
    c.capacity = (unsigned)op->a[1];
    c.budget_divisor = (unsigned)op->a[2];
    c.rotate = op->a[3] != 0;
    c.eager = op->a[4] != 0;
    c.delay = (fpr_ns)op->a[6] * FPR_NS_PER_MS;
    c.putback_set = op->a[7] != 0;
    c.putback = (enum fpr_place)(op->a[7] != 0 ? op->a[7] - 1 : 0);
    if (op->a[8]) {
        c.may_report = may_report;
        c.may_report_ctx = s;
    }
    err = s->ops->reg(s, &c, (int)op->a[5]);
    if (err == 0) {
        s->registered = true;
        s->refuse = (unsigned)op->a[8];
    }
    side_say(s, "%d", err);
}

/* Steps over the operations inside callbacks that follow a pass; they were done, or never will. */
static void leave_pass(struct side *s)
{
    s->in_pass = false;
    s->batch = -1;
    while (s->next < s->script->n && s->script->op[s->next].batch >= 0)
        s->next++;
}

void side_pass(struct side *s, const struct script_op *op)
{
    struct fpr_pass_result r = {0};
    int err;

    if (s->in_pass) { /* from inside the callback */
        err = op->kind == OP_PASS ? s->ops->pass(s, &r) : 0;
        side_say(s, "%d", err);
        return;
    }
    s->in_pass = true;
    s->nr_batches = 0;
    if (op->kind == OP_PASS)
        err = s->ops->pass(s, &r);
    else
        err = s->ops->advance(s, (fpr_ns)op->a[0] * FPR_NS_PER_MS);
    leave_pass(s);
    side_say(s, "%d, %u calls, error %d, requested %d", err, r.calls, r.error, r.requested);
}

int side_report(struct side *s, const struct fpr_sg *sg, unsigned nents)
{
    size_t pass = s->op;
    uint64_t h = 0xcbf29ce484222325u;
    int answer = 0;

    s->batch = s->nr_batches++;
    for (unsigned i = 0; i < nents; i++)
        h = ((h ^ (sg[i].pfn * 16 + sg[i].order)) * 0x100000001b3u);
    side_say(s, "batch %d: %u blocks, first %" PRIu64 ":%u, last %" PRIu64 ":%u, hash %016" PRIx64,
             s->batch, nents, sg[0].pfn, sg[0].order, sg[nents - 1].pfn, sg[nents - 1].order, h);
    for (size_t i = pass + 1; i < s->script->n && s->script->op[i].batch >= 0; i++) {
        const struct script_op *op = &s->script->op[i];

        if (op->batch != s->batch)
            continue;
        s->op = i;
        if (op->kind == OP_FAIL)
            answer = (int)op->a[0];
        else
            side_do(s, op);
    }
    s->op = pass;
    return answer;
}
