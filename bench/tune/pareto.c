#include <math.h>
#include <stdlib.h>

#include "tune.h"

/* Cheapest first; of equally dear ones the best first. Unknown ones last. */
static int by_cost(const void *a, const void *b)
{
    const struct tune_point *x = *(struct tune_point *const *)a;
    const struct tune_point *y = *(struct tune_point *const *)b;
    if (x->known != y->known) {
        return x->known ? -1 : 1;
    }
    if (x->cost < y->cost || x->cost > y->cost) {
        return x->cost < y->cost ? -1 : 1;
    }
    if (x->gain < y->gain || x->gain > y->gain) {
        return x->gain > y->gain ? -1 : 1;
    }
    return 0;
}

void tune_pareto(struct tune_point *points, size_t count)
{
    struct tune_point **sorted = tune_alloc(count, sizeof(struct tune_point *));
    for (size_t i = 0; i < count; i++) {
        points[i].pareto = false;
        sorted[i] = &points[i];
    }
    qsort(sorted, count, sizeof(sorted[0]), by_cost);
    double best = -INFINITY, cost_of_best = 0;
    for (size_t i = 0; i < count && sorted[i]->known; i++) {
        struct tune_point *p = sorted[i];
        bool same = p->gain >= best && p->gain <= best && p->cost <= cost_of_best;
        if (p->gain > best || same) {
            p->pareto = true;
            best = p->gain;
            cost_of_best = p->cost;
        }
    }
    free(sorted);
}

static void mark_trace(struct tune_sweep *sweep, struct tune_trace *trace,
                       struct tune_point *points)
{
    for (size_t i = 0; i < sweep->nr_settings; i++) {
        const struct tune_row *row = &trace->rows[i];
        points[i] = (struct tune_point){.gain = row->metric[TUNE_given_back_gib_min],
                                        .cost = row->metric[TUNE_extra_cost_ms],
                                        .known = row->done};
    }
    tune_pareto(points, sweep->nr_settings);
    for (size_t i = 0; i < sweep->nr_settings; i++) {
        trace->rows[i].pareto = points[i].pareto;
    }
}

static struct tune_total sum_up(const struct tune_sweep *sweep, size_t i)
{
    struct tune_total total = {.done = true};
    bool any = false;
    for (size_t t = 0; t < sweep->nr_traces; t++) {
        const struct tune_row *row = &sweep->traces[t].rows[i];
        if (!tune_counts(&sweep->traces[t])) {
            continue;
        }
        any = true;
        total.done = total.done && row->done;
        total.given_back += row->metric[TUNE_given_back_gib_min];
        total.cost_ms += row->metric[TUNE_extra_cost_ms];
    }
    total.done = total.done && any;
    total.given_back = tune_round(total.given_back, 6);
    total.cost_ms = tune_round(total.cost_ms, 3);
    return total;
}

void tune_sweep_mark(struct tune_sweep *sweep)
{
    struct tune_point *points = tune_alloc(sweep->nr_settings, sizeof(*points));
    for (size_t t = 0; t < sweep->nr_traces; t++) {
        mark_trace(sweep, &sweep->traces[t], points);
    }
    for (size_t i = 0; i < sweep->nr_settings; i++) {
        struct tune_total *total = &sweep->totals[i];
        *total = sum_up(sweep, i);
        points[i] = (struct tune_point){
            .gain = total->given_back, .cost = total->cost_ms, .known = total->done};
    }
    tune_pareto(points, sweep->nr_settings);
    for (size_t i = 0; i < sweep->nr_settings; i++) {
        sweep->totals[i].pareto = points[i].pareto;
    }
    free(points);
}
