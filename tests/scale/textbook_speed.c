/* What everything that a zone does beyond a textbook's allocator costs: both run the micro
 * benchmarks' `mixed` by turns.
 *   textbook_speed [FRAMES [OPERATIONS [TURNS]]] */
#include <stdio.h>
#include <stdlib.h>

#include "micro/sequence.h"
#include "support/textbook.h"

enum { MOST_TURNS = 99 };

/* Sequences of textbook_sequence.c, where `zone` is a struct textbook. */
int textbook_sequence_init(struct sequence *s, struct fpr_zone *zone, enum sequence_orders orders,
                           uint64_t frames, uint64_t seed);
void textbook_sequence_run(struct sequence *s, uint64_t ops);
void textbook_sequence_warm_up(struct sequence *s);

struct rivals {
    struct sequence driver, zone, textbook;
};

/* Nanoseconds of CPU time per operation. */
static double timed(void (*run)(struct sequence *s, uint64_t ops), struct sequence *s, uint64_t ops)
{
    uint64_t start = micro_now();
    run(s, ops);
    return (double)(micro_now() - start) / (double)ops;
}

static int rising(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t n)
{
    qsort(values, n, sizeof(*values), rising);
    return values[n / 2];
}

static int prepare(struct rivals *r, struct fpr_zone *zone, struct textbook *textbook,
                   uint64_t frames)
{
    int err = sequence_init(&r->driver, NULL, SEQUENCE_MIXED, frames, 1);
    err = err ? err : sequence_init(&r->zone, zone, SEQUENCE_MIXED, frames, 1);
    err = err ? err
              : textbook_sequence_init(&r->textbook, (struct fpr_zone *)textbook, SEQUENCE_MIXED,
                                       frames, 1);
    if (err)
        return err;
    sequence_warm_up(&r->driver);
    sequence_warm_up(&r->zone);
    textbook_sequence_warm_up(&r->textbook);
    return 0;
}

static void compare(struct rivals *r, uint64_t frames, uint64_t ops, unsigned turns)
{
    double driver[MOST_TURNS], zone[MOST_TURNS], textbook[MOST_TURNS];
    double gross[MOST_TURNS], net[MOST_TURNS];
    for (unsigned i = 0; i < turns; i++) {
        driver[i] = timed(sequence_run, &r->driver, ops);
        textbook[i] = timed(textbook_sequence_run, &r->textbook, ops);
        zone[i] = timed(sequence_run, &r->zone, ops);
        gross[i] = zone[i] / textbook[i];
        net[i] = (zone[i] - driver[i]) / (textbook[i] - driver[i]);
    }
    printf("%llu frames: driver %.1f ns, textbook %.1f ns, zone %.1f ns: %.2f times, without the "
           "driver %.2f times\n",
           (unsigned long long)frames, median(driver, turns), median(textbook, turns),
           median(zone, turns), median(gross, turns), median(net, turns));
}

/* Both were asked for the same: they hold as many frames in as many blocks. */
static bool alike(const struct rivals *r)
{
    return r->zone.busy == r->textbook.busy && r->zone.count == r->textbook.count &&
           r->zone.touched == r->textbook.touched;
}

static uint64_t argument(int argc, char **argv, int nth, uint64_t otherwise)
{
    return argc > nth ? strtoull(argv[nth], NULL, 0) : otherwise;
}

int main(int argc, char **argv)
{
    uint64_t frames = argument(argc, argv, 1, 262144), ops = argument(argc, argv, 2, 1000000);
    unsigned turns = (unsigned)argument(argc, argv, 3, 9);
    struct counted_mem mem;
    struct fpr_zone *zone = NULL;
    struct rivals r = {.zone = {.pfns = NULL}};
    counted_mem_init(&mem);
    if (ops == 0 || turns == 0 || turns > MOST_TURNS || micro_zone(frames, false, &mem, &zone)) {
        fprintf(stderr, "Usage: textbook_speed [FRAMES [OPERATIONS [TURNS]]]\n");
        return 2;
    }
    struct textbook *textbook = textbook_create(frames);
    int err = textbook ? prepare(&r, zone, textbook, frames) : -1;
    if (!err) {
        compare(&r, frames, ops, turns);
        err = !alike(&r);
    }
    if (err)
        fprintf(stderr, "textbook_speed: no memory, or the two were not asked for the same\n");
    sequence_free(&r.driver);
    sequence_free(&r.zone);
    sequence_free(&r.textbook);
    textbook_destroy(textbook);
    fpr_zone_destroy(zone);
    return err != 0;
}
