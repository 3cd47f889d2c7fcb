#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "json.h"
#include "page/page.h"
#include "replay.h"
#include "tune/tune.h"

/* One curve, so nothing to compare it with; and what reporting that is off does. */
#define MEASURED                                                                                   \
    "<em>Measured</em>, if it was recorded, is what the guest really held, with the setting that " \
    "it ran with."
#define HOST_ON "Guest memory resident on the host, as the model has it. " MEASURED
#define HOST_OFF                                                                                   \
    "Guest memory resident on the host. Reporting is off in this replay: nothing is given back, "  \
    "and the curve never falls. " MEASURED
#define GAP_OFF                                                                                    \
    "The height is memory that is free in the guest but still resident on the host. Reporting is " \
    "off in this replay: all of it is held for that reason."
#define REFAULTS_OFF "Where nothing is reported, nothing is touched again: there are none."

static void summary(const struct fpr_replay_result *result, const struct bench_origin *origin,
                    FILE *to)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (!memory) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    bench_result_text(result, origin, memory);
    if (fclose(memory) || !text) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    fputs("<section>\n<h2>In numbers</h2>\n<pre><code>", to);
    page_text(to, text);
    fputs("</code></pre>\n</section>\n", to);
    free(text);
}

/* The data as the page's script wants them: a sweep of one recording and one setting. */
static struct json_object *page_data(const struct fpr_replay_result *result, const char *path)
{
    struct tune_trace trace;
    struct tune_row row;
    memset(&trace, 0, sizeof(trace));
    memset(&row, 0, sizeof(row));
    snprintf(trace.path, sizeof(trace.path), "%s", path);
    tune_trace_fill(&trace, result);
    tune_row_fill(&row, result);
    struct json_object *o = bench_json_object(), *traces = bench_json_array();
    struct json_object *one = bench_json_object(), *results = bench_json_array();
    struct json_object *setting = bench_json_object();
    tune_json_points(one, &trace);
    tune_json_row(setting, &row);
    bench_json_add_string(one, "path", path);
    bench_json_add_string(setting, "label", "the model");
    json_object_array_add(results, setting);
    bench_json_add(one, "results", results);
    json_object_array_add(traces, one);
    bench_json_add(o, "traces", traces);
    tune_row_free(&row);
    free(trace.time_ms);
    free(trace.measured_kib);
    return o;
}

void bench_replay_html(FILE *to, const void *replayed)
{
    const struct fpr_replay_result *result = ((const struct bench_replayed *)replayed)->result;
    const struct bench_origin *origin = ((const struct bench_replayed *)replayed)->origin;
    bool off = bench_what_if(origin) && !origin->options->reporting;
    page_begin(to, "A replay");
    fprintf(to,
            "<h1>A replay</h1>\n<p class=lead>A recorded guest, replayed through a model of the "
            "kernel's page allocator %s.</p>\n",
            off ? "without free page reporting" : "with free page reporting");
    page_chart_host(to, off ? HOST_OFF : HOST_ON);
    page_chart_gap(to, off ? GAP_OFF : NULL);
    page_chart_refaults(to, off ? REFAULTS_OFF : NULL);
    summary(result, origin, to);
    struct json_object *data = page_data(result, origin->path);
    page_end(to, data);
    json_object_put(data);
}
