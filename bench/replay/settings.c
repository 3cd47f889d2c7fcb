/* How reporting was set in a replay, for each kind of result. */
#include <inttypes.h>

#include "json.h"
#include "replay.h"

static double delay_ms(const struct fpr_replay_options *o)
{
    return (double)o->report.delay / (double)FPR_NS_PER_MS;
}

void bench_settings_json(struct json_object *json, const struct fpr_replay_options *o)
{
    const struct fpr_report_config *c = &o->report;
    if (o->as_recorded) {
        return;
    }
    struct json_object *settings = bench_json_object();
    bench_json_add_bool(settings, "reporting", o->reporting);
    if (c->order >= 0) { /* else the profile's own */
        bench_json_add_u64(settings, "order", (uint64_t)c->order);
    }
    bench_json_add_u64(settings, "budget_divisor", c->budget_divisor);
    bench_json_add_u64(settings, "capacity", c->capacity);
    bench_json_add_double(settings, "delay_ms", delay_ms(o));
    bench_json_add(json, "settings", settings);
}

void bench_settings_csv(FILE *to, const struct fpr_replay_options *o)
{
    fprintf(to, "# settings:");
    if (o->as_recorded) {
        fprintf(to, " as recorded\n");
        return;
    }
    fprintf(to, " reporting=%s", o->reporting ? "on" : "off");
    if (o->report.order >= 0) {
        fprintf(to, " order=%d", o->report.order);
    }
    fprintf(to, " budget_divisor=%u capacity=%u delay_ms=%.0f\n", o->report.budget_divisor,
            o->report.capacity, delay_ms(o));
}

void bench_settings_text(FILE *to, const struct fpr_replay_options *o)
{
    if (!o->reporting) {
        fprintf(to, "reporting is off");
        return;
    }
    fprintf(to, "reporting with ");
    if (o->report.order >= 0) {
        fprintf(to, "order %d, ", o->report.order);
    }
    if (o->report.budget_divisor) {
        fprintf(to, "budget 1/%u, ", o->report.budget_divisor);
    } else {
        fprintf(to, "no budget, ");
    }
    fprintf(to, "capacity %u, delay %.0f ms", o->report.capacity, delay_ms(o));
}
