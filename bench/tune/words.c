/* The advice in words: for the terminal and, paragraph by paragraph, for the page. */
#include <math.h>
#include <string.h>

#include "tune.h"

#define ORDER_FILE "/sys/module/page_reporting/parameters/page_reporting_order"

/* What the host holds without reporting, over all recordings. */
static double baseline_gib_min(const struct tune_sweep *sweep)
{
    double sum = 0;
    for (size_t t = 0; t < sweep->nr_traces; t++) {
        if (tune_counts(&sweep->traces[t])) {
            sum += sweep->traces[t].baseline.metric[TUNE_host_gib_min];
        }
    }
    return sum;
}

static const char *setting_text(const struct tune_sweep *sweep, int i, char *text, size_t size)
{
    struct tune_setting setting = tune_setting_at(sweep, (size_t)i);
    return tune_setting_text(&setting, text, size);
}

/* CPU time in the unit that suits it. */
static const char *cpu_text(double ms, bool sign, char *text, size_t size)
{
    bool small = fabs(ms) < 10000;
    double value = tune_round(small ? ms : ms / 1000, 1) + 0.0; /* no "-0.0" */
    snprintf(text, size, sign ? "%+.1f %s" : "%.1f %s", value, small ? "ms" : "s");
    return text;
}

static const char *lead(const struct tune_sweep *sweep)
{
    return tune_is_sure(sweep) ? "Recommended" : "A hint";
}

static void no_setting_worth_it(const struct tune_sweep *sweep, FILE *to)
{
    if (tune_ends_early(sweep)) {
        fprintf(to, "Nothing is recommended: no setting tried gives back more than it costs, but "
                    "that may be for the early end alone.\n");
        return;
    }
    fprintf(to,
            "%s: leave reporting off. No setting tried gives back more than it costs at "
            "%.2f CPU s a GiB*min (%.3g GiB for the price of a CPU).\n",
            lead(sweep), 60 / sweep->gib_per_cpu, sweep->gib_per_cpu);
}

static void early_end(const struct tune_sweep *sweep, FILE *to)
{
    const struct tune_trace *early = tune_ends_early(sweep);
    if (!early) {
        return;
    }
    double mib = tune_waiting_mib(sweep, early);
    fprintf(to, "%s ends too early (%.1f s", early->path, early->span_s);
    if (mib > 0) {
        fprintf(to, "; %.0f MiB wait for further passes then, whatever the setting", mib);
    }
    fprintf(to, "): the amounts below are too small, and no command is given. Record until a few "
                "delays after the work is done.\n");
}

/* What is said of recordings that say less than the advice would. Returns whether any counts. */
static bool worth_of_recordings(const struct tune_sweep *sweep, FILE *to)
{
    size_t counted = 0;
    for (size_t t = 0; t < sweep->nr_traces; t++) {
        counted += tune_counts(&sweep->traces[t]);
    }
    if (!counted) {
        fprintf(to, "Nothing is recommended: allocations and frees are both needed, and %s.\n",
                sweep->nr_traces == 1 ? "the recording has not got both"
                                      : "none of the recordings has both");
        return false;
    }
    for (size_t t = 0; t < sweep->nr_traces; t++) {
        if (!tune_counts(&sweep->traces[t])) {
            fprintf(to, "Not counted: %s, which has not got both allocations and frees.\n",
                    sweep->traces[t].path);
        }
    }
    const struct tune_trace *shape = tune_shape_only(sweep);
    if (shape) {
        fprintf(to,
                "%s is good for the shape of curves alone: the amounts below are not those of its "
                "guest, and no command is given.\n",
                shape->path);
    }
    early_end(sweep, to);
    return true;
}

/* Why not a dearer one, or the very best one. */
static void against_others(const struct tune_sweep *sweep, FILE *to)
{
    const struct tune_advice *a = &sweep->advice;
    char text[96], cpu[32];
    const struct tune_total *best = &sweep->totals[a->best];
    if (a->top != a->best) {
        const struct tune_total *top = &sweep->totals[a->top];
        fprintf(to,
                ", which is within 1 %% of the best (%s: %.3f GiB*min for %s) and changes less of "
                "what the kernel does already.\n",
                setting_text(sweep, a->top, text, sizeof(text)), top->given_back,
                cpu_text(top->cost_ms, false, cpu, sizeof(cpu)));
        return;
    }
    if (a->next < 0) {
        fprintf(to, "; no setting tried gives back more.\n");
        return;
    }
    const struct tune_total *next = &sweep->totals[a->next];
    double more = next->given_back - best->given_back;
    double cost = next->cost_ms - best->cost_ms;
    fprintf(to,
            "; the next dearer one of the Pareto set (%s) would add %.3f GiB*min for %s of CPU: "
            "%.1f CPU s a GiB*min, where memory is taken to be worth %.1f.\n",
            setting_text(sweep, a->next, text, sizeof(text)), more,
            cpu_text(cost, false, cpu, sizeof(cpu)), cost / 1000 / more, 60 / sweep->gib_per_cpu);
}

void tune_words_reason(const struct tune_sweep *sweep, FILE *to)
{
    const struct tune_advice *a = &sweep->advice;
    if (!worth_of_recordings(sweep, to)) {
        return;
    }
    if (a->best < 0) {
        no_setting_worth_it(sweep, to);
        return;
    }
    char text[96], cpu[32];
    const struct tune_total *best = &sweep->totals[a->best];
    double base = baseline_gib_min(sweep);
    fprintf(to, "%s: %s, because it gives back %.3f of %.3f GiB*min (%.1f %%) for %s of CPU",
            lead(sweep), setting_text(sweep, a->best, text, sizeof(text)), best->given_back, base,
            base > 0 ? 100 * best->given_back / base : 0.0,
            cpu_text(best->cost_ms, false, cpu, sizeof(cpu)));
    against_others(sweep, to);
    struct tune_setting setting = tune_setting_at(sweep, (size_t)a->best);
    if (!setting.order && setting.delay_ms < TUNE_KERNEL_DELAY_MS) {
        fprintf(to, "Real guests run longer with order 0 and a short delay, which this does not "
                    "count: take it as the start of a measurement.\n");
    }
}

void tune_words_command(const struct tune_sweep *sweep, char *text, size_t size)
{
    text[0] = '\0';
    if (sweep->advice.today >= 0 && tune_order_settable(sweep) && tune_is_sure(sweep)) {
        struct tune_setting today = tune_setting_at(sweep, (size_t)sweep->advice.today);
        snprintf(text, size, "echo %u > " ORDER_FILE, today.order);
    }
}

/* Whether an order from the boot command line survives the driver's registration. */
static bool boot_order_kept(const struct tune_trace *trace)
{
    unsigned major = 0, minor = 0;
    if (sscanf(trace->release, "%u.%u", &major, &minor) == 2) {
        return major > 6 || (major == 6 && minor >= 4);
    }
    return !strcmp(trace->profile, "linux-6.12");
}

static void how_to_set(const struct tune_sweep *sweep, unsigned order, FILE *to)
{
    char command[128];
    tune_words_command(sweep, command, sizeof(command));
    fprintf(to, "As root in the guest, after the balloon driver has registered:\n    %s\n",
            command);
    if (boot_order_kept(&sweep->traces[0])) {
        fprintf(to,
                "This kernel also keeps page_reporting.page_reporting_order=%u from its command "
                "line.\n",
                order);
    } else {
        fprintf(to,
                "Not earlier: the driver's registration overwrites what was set before, also on "
                "the kernel command line (Linux 6.4 and later keep that).\n");
    }
}

/* Which kernel, and of several ones which recordings are of it. */
static void on_which(const struct tune_sweep *one, bool several, FILE *to)
{
    const struct tune_trace *trace = &one->traces[0];
    if (trace->release[0]) {
        fprintf(to, "Today, on the traced kernel (%s", trace->release);
    } else {
        fprintf(to, "Today, on a kernel with the rules of %s (the recording names no release",
                trace->profile);
    }
    if (several) {
        fprintf(to, "; %s", trace->path);
    }
    if (several && one->nr_traces > 1) {
        fprintf(to, " and %zu more", one->nr_traces - 1);
    }
    fprintf(to, "), %s",
            tune_order_settable(one)
                ? "only the order can be set"
                : "nothing can be set: it reports blocks of the pageblock order and up");
}

static void today_on(const struct tune_sweep *one, bool several, FILE *to)
{
    const struct tune_advice *a = &one->advice;
    char text[96], cpu[32];
    on_which(one, several, to);
    if (a->off_today) {
        fprintf(to, "; %s worth its price%s.\n",
                tune_order_settable(one) ? "no order is" : "that is not",
                tune_ends_early(one) ? " in so short a time" : ", so leave reporting off");
        return;
    }
    if (a->today < 0) {
        fprintf(to,
                "; the grid has no setting with the kernel's own capacity %u, budget 1/%u and "
                "delay %u ms, so it cannot say what is best there.\n",
                TUNE_KERNEL_CAPACITY, TUNE_KERNEL_BUDGET, TUNE_KERNEL_DELAY_MS);
        return;
    }
    const struct tune_total *today = &one->totals[a->today];
    fprintf(to, "; the best reachable that way is %s: %.3f GiB*min back for %s of CPU.\n",
            setting_text(one, a->today, text, sizeof(text)), today->given_back,
            cpu_text(today->cost_ms, false, cpu, sizeof(cpu)));
    if (tune_order_settable(one) && tune_is_sure(one)) {
        how_to_set(one, tune_setting_at(one, (size_t)a->today).order, to);
    }
}

static void of_each_kernel(const struct tune_sweep *sweep, FILE *to,
                           void (*tell)(const struct tune_sweep *one, bool several, FILE *to))
{
    struct tune_kernels kernels;
    tune_kernels_split(sweep, &kernels);
    for (size_t k = 0; k < kernels.count; k++) {
        tell(&kernels.each[k], kernels.count > 1, to);
    }
    tune_kernels_free(&kernels);
}

void tune_words_today(const struct tune_sweep *sweep, FILE *to)
{
    of_each_kernel(sweep, to, today_on);
}

static void change(const struct tune_sweep *one, const char *knob, size_t tried, int i, FILE *to)
{
    const struct tune_advice *a = &one->advice;
    if (tried < 2) {
        fprintf(to, "  %-9s not tried: the grid has one value.\n", knob);
        return;
    }
    if (i < 0 || i == a->today) {
        fprintf(to, "  %-9s nothing worth having.\n", knob);
        return;
    }
    char text[96], cpu[32];
    const struct tune_total none = {.done = true};
    const struct tune_total *then = &one->totals[i];
    const struct tune_total *today = a->off_today ? &none : &one->totals[a->today];
    fprintf(to, "  %-9s %s: %+.3f GiB*min for %s of CPU.\n", knob,
            setting_text(one, i, text, sizeof(text)), then->given_back - today->given_back,
            cpu_text(then->cost_ms - today->cost_ms, true, cpu, sizeof(cpu)));
}

static void changes_of(const struct tune_sweep *one, bool several, FILE *to)
{
    const struct tune_advice *a = &one->advice;
    if (a->today < 0 && !a->off_today) {
        return;
    }
    fprintf(to, "If %s were changed so that one more knob could be set, beyond that:\n",
            several ? tune_kernel_name(&one->traces[0]) : "the kernel");
    change(one, "budget:", one->grid.budgets.count, a->with_budget, to);
    change(one, "capacity:", one->grid.capacities.count, a->with_capacity, to);
    change(one, "delay:", one->grid.delays.count, a->with_delay, to);
    if (a->best >= 0) {
        change(one, "all:", 2, a->best, to);
    }
}

void tune_words_changes(const struct tune_sweep *sweep, FILE *to)
{
    of_each_kernel(sweep, to, changes_of);
}

void tune_words(const struct tune_sweep *sweep, FILE *to)
{
    tune_words_reason(sweep, to);
    tune_words_today(sweep, to);
    tune_words_changes(sweep, to);
}
