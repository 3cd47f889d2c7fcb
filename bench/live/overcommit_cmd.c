#include "overcommit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fpr/version.h>

#include "cli.h"
#include "json.h"
#include "out.h"
#include "page/page.h"
#include "stop.h"

struct outcome {
    struct overcommit_options options;
    struct overcommit_score score[OVERCOMMIT_NR_SETTINGS];
    unsigned done; /* settings */
};

#define MOST_MIB (1ull << 24) /* of address space, all guests together */

enum {
    KEY_GUESTS = BENCH_KEY(1),
    KEY_MIB,
    KEY_HOST,
    KEY_ROUNDS,
    KEY_SLOT,
    KEY_DEMAND,
    KEY_DELAY,
    KEY_CSV,
    KEY_JSON,
    KEY_HTML,
};

static const struct argp_option options[] = {
    {"guests", KEY_GUESTS, "K", 0, "Guests, 2 to 64 (4)", 1},
    {"mib", KEY_MIB, "N", 0, "Memory of each, 128 to 1048576 (256)", 1},
    {"host-mib", KEY_HOST, "N", 0, "Memory of the host, 2 to less than theirs (6 tenths of it)", 1},
    {"rounds", KEY_ROUNDS, "N", 0, "Times that each guest has its turn, 1 to 1000 (2)", 1},
    {"slot", KEY_SLOT, "S", 0, "Seconds of a turn, 0.05 to 3600 (0.8)", 1},
    {"demand", KEY_DEMAND, "SHARE", 0, "Of its memory, used in its turn, 0.01 to 1 (0.8)", 1},
    {"delay-ms", KEY_DELAY, "N", 0, "From a request to its pass, 0 to 3600000 (200)", 2},
    {NULL, 0, NULL, 0, "Results ('-' is standard output, in place of the table):", 3},
    {"csv", KEY_CSV, "FILE", 0, "Host memory over time: setting, seconds, MiB", 3},
    {"json", KEY_JSON, "FILE", 0, "Everything", 3},
    {"html", KEY_HTML, "FILE", 0, "A page that stands alone", 3},
    {0},
};

static error_t parse_output(struct overcommit_options *o, int key, char *arg)
{
    switch (key) {
    case KEY_CSV:
        o->csv = arg;
        return 0;
    case KEY_JSON:
        o->json = arg;
        return 0;
    case KEY_HTML:
        o->html = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct overcommit_options *o = state->input;
    switch (key) {
    case KEY_GUESTS:
        o->guests = (unsigned)bench_number("--guests", arg, 2, OVERCOMMIT_MAX_GUESTS);
        return 0;
    case KEY_MIB:
        o->guest.mib = bench_number("--mib", arg, 128, 1 << 20);
        return 0;
    case KEY_HOST:
        o->host_mib = bench_number("--host-mib", arg, 2, 1 << 24);
        return 0;
    case KEY_ROUNDS:
        o->rounds = (unsigned)bench_number("--rounds", arg, 1, 1000);
        return 0;
    case KEY_SLOT:
        o->slot_s = bench_real("--slot", arg, 0.05, 3600);
        return 0;
    case KEY_DEMAND:
        o->demand = bench_real("--demand", arg, 0.01, 1);
        return 0;
    case KEY_DELAY:
        o->guest.report.delay = bench_number("--delay-ms", arg, 0, 3600000) * FPR_NS_PER_MS;
        return 0;
    default:
        return parse_output(o, key, arg);
    }
}

static void text(const struct outcome *r, FILE *to)
{
    const struct overcommit_options *o = &r->options;
    fprintf(to,
            "%u guests of %" PRIu64 " MiB (%" PRIu64 " MiB in all) on a host of %" PRIu64
            " MiB; each uses %g %% of its memory for %g s in turn, %u times; delay %.0f ms\n",
            o->guests, o->guest.mib, o->guest.mib * o->guests, o->host_mib, 100 * o->demand,
            o->slot_s, o->rounds, (double)o->guest.report.delay / 1e6);
    fprintf(to, "%-24s %9s %9s %9s %9s %8s %8s %8s %10s\n", "reporting", "peak MiB", "mean MiB",
            "s above", "waited s", "denied", "calls", "refaults", "used MiB");
    for (unsigned k = 0; k < r->done; k++) {
        const struct overcommit_score *s = &r->score[k];
        fprintf(to, "%-24s %9.1f %9.1f %9.2f %9.2f %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %10.0f\n",
                overcommit_settings[k].name, s->peak_mib, s->mean_mib, s->over_s, s->waited_s,
                s->denied, s->calls, s->refaults, s->work_mib);
    }
}

static void csv(FILE *to, const void *outcome)
{
    const struct outcome *r = outcome;
    fprintf(to, "# fpr-bench overcommit %s: host memory over time, by mincore\n", fpr_version());
    fputs("reporting,time_s,host_mib\n", to);
    for (unsigned k = 0; k < r->done; k++) {
        for (size_t p = 0; p < r->score[k].host.count; p++) {
            fprintf(to, "\"%s\",%.3f,%.1f\n", overcommit_settings[k].name,
                    r->score[k].host.point[p].time_s, r->score[k].host.point[p].mib);
        }
    }
}

static struct json_object *json_of(const struct outcome *r)
{
    struct json_object *o = bench_json_object(), *all = bench_json_array();
    bench_json_add_string(o, "version", fpr_version());
    bench_json_add_u64(o, "guests", r->options.guests);
    bench_json_add_u64(o, "guest_mib", r->options.guest.mib);
    bench_json_add_u64(o, "host_mib", r->options.host_mib);
    bench_json_add_double(o, "slot_s", r->options.slot_s);
    bench_json_add_u64(o, "rounds", r->options.rounds);
    bench_json_add_double(o, "demand", r->options.demand);
    bench_json_add_double(o, "delay_ms", (double)r->options.guest.report.delay / 1e6);
    for (unsigned k = 0; k < r->done; k++) {
        const struct overcommit_score *s = &r->score[k];
        struct json_object *one = bench_json_object();
        bench_json_add_string(one, "reporting", overcommit_settings[k].name);
        bench_json_add_double(one, "peak_mib", s->peak_mib);
        bench_json_add_double(one, "mean_mib", s->mean_mib);
        bench_json_add_double(one, "seconds_above", s->over_s);
        bench_json_add_double(one, "waited_s", s->waited_s);
        bench_json_add_u64(one, "denied", s->denied);
        bench_json_add_u64(one, "calls", s->calls);
        bench_json_add_u64(one, "refaults", s->refaults);
        bench_json_add_double(one, "used_mib", s->work_mib);
        bench_json_add(one, "host_memory", live_curve_json(&s->host));
        json_object_array_add(all, one);
    }
    bench_json_add(o, "settings", all);
    return o;
}

static void json(FILE *to, const void *outcome)
{
    const struct outcome *r = outcome;
    struct json_object *o = json_of(r);
    bench_json_write(o, to);
    json_object_put(o);
}

static void html(FILE *to, const void *outcome)
{
    const struct outcome *r = outcome;
    const struct live_line lines[] = {
        {"reporting off", "#888888", false, &r->score[0].host},
        {"order 9", "#1f77b4", false, &r->score[2].host},
        {"order 9, no budget", "#2ca02c", false, &r->score[3].host},
    };
    char *words = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&words, &size);
    if (!memory) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    text(r, memory);
    if (fclose(memory) || !words) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    page_begin(to, "Several guests on one host");
    fputs("<h1>Several guests on one host</h1>\n", to);
    live_svg(to, "Host memory of all guests", "MiB", lines, 3);
    fputs("<pre><code>", to);
    page_text(to, words);
    fputs("</code></pre>\n<script id=data type=\"application/json\">", to);
    struct json_object *data = json_of(r);
    bench_json_write_in_html(data, to);
    fputs("</script>\n</main>\n</body>\n</html>\n", to);
    json_object_put(data);
    free(words);
}

/* The guests' memory is real: what they use together must be there. */
static void check_fit(const struct overcommit_options *o, uint64_t sum)
{
    uint64_t used = (uint64_t)((double)sum * o->demand);
    used = used < o->host_mib ? used : o->host_mib;
    uint64_t here = live_memory_mib();
    if (used > here) {
        bench_die(BENCH_USAGE,
                  "--mib: %u guests of %llu MiB use %llu MiB together, and this machine has %llu "
                  "available: "
                  "fewer or smaller guests, or a smaller --host-mib",
                  o->guests, (unsigned long long)o->guest.mib, (unsigned long long)used,
                  (unsigned long long)here);
    }
    if (sum > MOST_MIB) {
        bench_die(BENCH_USAGE, "--mib: %u guests of %llu MiB are more than the %llu MiB that fit",
                  o->guests, (unsigned long long)o->guest.mib, MOST_MIB);
    }
}

static void prepare(struct overcommit_options *o, int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        NULL,
        "Runs several guests whose demand peaks at different times on a host with less memory "
        "than all of them, with several settings of reporting. The host's limit is kept: a guest "
        "waits for memory that the host does not have.",
        NULL,
        NULL,
        NULL};
    *o = (struct overcommit_options){.guests = 4, .rounds = 2, .slot_s = 0.8, .demand = 0.8};
    o->guest.mib = 256;
    o->guest.cpus = 1;
    o->guest.thp = FPR_ARENA_THP_ALWAYS;
    fpr_report_config_init(&o->guest.report);
    o->guest.report.delay = 200 * FPR_NS_PER_MS;
    bench_parse(&argp, argc, argv, o);
    uint64_t sum = o->guest.mib * o->guests;
    o->host_mib = o->host_mib ? o->host_mib : sum * 6 / 10;
    if (o->host_mib >= sum) {
        bench_die(BENCH_USAGE, "--host-mib: must be less than the guests' %llu MiB",
                  (unsigned long long)sum);
    }
    check_fit(o, sum);
    const struct bench_out_file files[] = {
        {"--csv", o->csv}, {"--json", o->json}, {"--html", o->html}};
    bench_out_check_all(files, sizeof(files) / sizeof(files[0]));
}

/* After Ctrl-C: the settings that are complete, on stdout; no files. */
static int interrupted(struct outcome *r)
{
    if (r->done) {
        text(r, stdout);
        bench_complain(
            "interrupted: %u of %u settings were finished (shown above); no file was written",
            r->done, (unsigned)OVERCOMMIT_NR_SETTINGS);
    } else {
        bench_complain("interrupted: nothing was finished; no file was written");
    }
    free(r);
    return BENCH_FAILED;
}

int bench_overcommit(int argc, char **argv)
{
    struct outcome *r = calloc(1, sizeof(*r));
    if (!r) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    prepare(&r->options, argc, argv);
    const volatile int *stop = bench_stop_install();
    bool terminal = isatty(STDERR_FILENO);
    bench_stop_graceful(1);
    while (r->done < OVERCOMMIT_NR_SETTINGS && !bench_stopped(stop)) {
        terminal ? fprintf(stderr, "\r%-30s", overcommit_settings[r->done].name) : 0;
        overcommit_run(&r->options, &overcommit_settings[r->done], &r->score[r->done], stop);
        r->done += !bench_stopped(stop);
    }
    terminal ? fprintf(stderr, "\r%30s\r", "") : 0;
    if (bench_stopped(stop)) {
        return interrupted(r);
    }
    const struct overcommit_options *o = &r->options;
    if (!bench_out_is_stdout(o->csv) && !bench_out_is_stdout(o->json) &&
        !bench_out_is_stdout(o->html)) {
        text(r, stdout);
    }
    int status = bench_out_write(o->csv, csv, r);
    status |= bench_out_write(o->json, json, r);
    status |= bench_out_write(o->html, html, r);
    free(r);
    return status;
}
