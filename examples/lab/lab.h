/* fpr-lab: a small world of a zone or a few that commands change and drawings show. */
#ifndef LAB_H
#define LAB_H

#include <stdbool.h>
#include <stdio.h>

#include <fpr/fpr.h>
#include <fpr/guest.h>
#include <fpr/view.h>

/* What a command comes to; also exit codes. */
enum lab_result { LAB_OK = 0, LAB_REFUSED = 1, LAB_BAD = 2, LAB_QUIT = 3 };

#define LAB_WORDS 40
#define LAB_NAMES 512
#define LAB_NAME  24

struct lab_name {
    char text[LAB_NAME];
    fpr_pfn pfn;
    unsigned order;
};

/* Device calls and passes of the last step. */
struct lab_pass {
    fpr_ns begin;
    unsigned calls;
    int error;
    bool requested;
};

/* What the library told during the last step. */
#define LAB_EVENTS 1024
#define LAB_PASSES 64
#define LAB_SGS    1024
struct lab_log {
    struct fpr_event event[LAB_EVENTS];
    size_t nr_events; /* kept */
    size_t dropped;
    struct lab_pass pass[LAB_PASSES];
    size_t nr_passes, more_passes; /* kept, and those after them */
    uint64_t more_calls;           /* of these */
    struct fpr_sg sg[LAB_SGS];     /* of all calls, one behind the other */
    unsigned call_end[LAB_SGS];
    size_t nr_sgs, nr_calls;
    bool causes_first; /* `why` has put the events in its order */
    bool cut;          /* there were more calls, which are only counted */
};

/* Everything that a script makes; rebuilt from the history when stepping back. */
struct lab_world {
    struct fpr_clock *clock;
    struct fpr_machine *machine; /* owned, unless a guest is there */
    struct fpr_zone *zone;       /* the one that is shown and explained */
    size_t zone_at, nr_zones;
    struct fpr_zone_info info;
    fpr_pfn base;            /* first frame of all zones */
    uint64_t frames;         /* from there to the last one */
    struct fpr_guest *guest; /* NULL: a zone alone */
    struct fpr_iova_reader *reader;
    struct fpr_reporter *reporter; /* owned, unless a guest is there */
    struct fpr_host *host;         /* with a reporter of our own */
    uint64_t memory;               /* pages that the host may hold */
    struct fpr_device host_device, device;
    struct lab_name names[LAB_NAMES];
    size_t nr_names;
};

struct lab {
    struct lab_world w;
    struct lab_log log;
    struct fpr_machine *before; /* as it was before the last step; NULL: there was none */
    struct fpr_zone_stats stats_before;
    struct fpr_report_stats report_before;
    struct fpr_guest_stats guest_before;
    char **history; /* steps done, then those undone */
    size_t done, nr_history;
    char auto_draw[16]; /* what to show after each step; empty: nothing */
    unsigned cpu;       /* that the last step named, or 0 */
    bool color, quiet;
    bool playing;               /* a script, from within */
    bool script;                /* lines come from a file, not from a person */
    bool no_echo;               /* lines of scripts are not repeated */
    bool again;                 /* steps are being done again */
    struct lab_import *imports; /* zones.c */
    struct fpr_event_sink usdt; /* NULL: no probes */
    unsigned width;
    FILE *out;
    char text[4096];  /* a lesson's paragraph, until it is whole */
    char error[2400]; /* of the last command that failed */
};

void lab_init(struct lab *lab, FILE *out, bool color);
void lab_destroy(struct lab *lab);
/* Runs one line. LAB_OK, LAB_QUIT, or an error with lab->error filled. */
enum lab_result lab_line(struct lab *lab, const char *line);

/* Between the parts of the program. */

/* A command line in words; '=' is a word of its own. */
struct lab_words {
    char text[1024];
    char *word[LAB_WORDS];
    unsigned n;
};
enum lab_result lab_split(struct lab *lab, const char *line, struct lab_words *words);

/* One possible "key value" of a command, or a flag that stands alone. */
enum lab_kind { LAB_END = 0, LAB_NUMBER, LAB_TIME, LAB_WORD, LAB_FLAG };
struct lab_option {
    const char *key;
    enum lab_kind kind;
    void *to;                 /* uint64_t, fpr_ns, int (index of the word), bool */
    uint64_t min, max;        /* of a number */
    const char *const *among; /* of a word; NULL-terminated */
    bool given;
};
/* Reads words from `from` on. The array ends with an all-zero entry. */
enum lab_result lab_options(struct lab *lab, const struct lab_words *words, unsigned from,
                            struct lab_option *options);
enum lab_result lab_number(struct lab *lab, const char *what, const char *text, uint64_t min,
                           uint64_t max, uint64_t *value);
/* Decimal, or after 0x hexadecimal; *end is `text` where no digit is. Sets errno as strtoull(). */
unsigned long long lab_digits(const char *text, char **end);
enum lab_result lab_time(struct lab *lab, const char *text, fpr_ns *value);
/* The nearest word, or NULL if none is near. NULL-terminated list. */
const char *lab_nearest(const char *word, const char *const *among);
/* "a, b, c" */
void lab_join(char *to, size_t size, const char *const *words);

/* Notes what went wrong. Returns `result`. */
enum lab_result lab_fail(struct lab *lab, enum lab_result result, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Prints, unless steps are being done again. */
void lab_say(struct lab *lab, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same without a newline added. */
void lab_put(struct lab *lab, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct lab_command {
    const char *name;
    enum lab_result (*run)(struct lab *lab, const struct lab_words *words);
    bool step;       /* changes the world */
    bool needs_zone; /* refused before a zone is there */
    const char *usage, *help;
};
const struct lab_command *lab_command_find(const char *name);
const struct lab_command *lab_command_list(size_t *count);

/* world.c */
enum lab_result lab_cmd_zone(struct lab *lab, const struct lab_words *words);
enum lab_result lab_cmd_guest(struct lab *lab, const struct lab_words *words);
void lab_world_destroy(struct lab_world *w);
/* zones.c */
enum lab_result lab_cmd_import(struct lab *lab, const struct lab_words *words);
enum lab_result lab_cmd_select(struct lab *lab, const struct lab_words *words);
bool lab_select(struct lab *lab, size_t zone);
/* Takes note of a new machine's zones and selects the largest. */
void lab_adopt(struct lab *lab);
void lab_zones(struct lab *lab, FILE *f);
/* What was imported by this step and later ones is not needed any more. */
void lab_imports_forget(struct lab *lab, size_t from);
/* memory.c */
enum lab_result lab_cmd_alloc(struct lab *lab, const struct lab_words *words);
enum lab_result lab_alloc_named(struct lab *lab, const struct lab_words *words);
enum lab_result lab_cmd_free(struct lab *lab, const struct lab_words *words);
enum lab_result lab_cmd_split(struct lab *lab, const struct lab_words *words);
enum lab_result lab_cmd_drain(struct lab *lab, const struct lab_words *words);
enum lab_result lab_cmd_pcp(struct lab *lab, const struct lab_words *words);
enum lab_result lab_cmd_watermark(struct lab *lab, const struct lab_words *words);
struct lab_name *lab_name_find(struct lab *lab, const char *name);
/* report.c */
enum lab_result lab_cmd_reporting(struct lab *lab, const struct lab_words *words);
enum lab_result lab_cmd_report(struct lab *lab, const struct lab_words *words);
enum lab_result lab_cmd_advance(struct lab *lab, const struct lab_words *words);
/* Reporter's observer and the zone's event sink go to the log. */
void lab_listen(struct lab *lab);
void lab_log_clear(struct lab_log *log);
/* guest.c */
enum lab_result lab_cmd_map(struct lab *lab, const struct lab_words *words);
enum lab_result lab_cmd_unmap(struct lab *lab, const struct lab_words *words);
enum lab_result lab_cmd_pin(struct lab *lab, const struct lab_words *words);
enum lab_result lab_cmd_unpin(struct lab *lab, const struct lab_words *words);
enum lab_result lab_cmd_rw(struct lab *lab, const struct lab_words *words);
enum lab_result lab_cmd_dma(struct lab *lab, const struct lab_words *words);
enum lab_result lab_cmd_store(struct lab *lab, const struct lab_words *words);
enum lab_result lab_cmd_load(struct lab *lab, const struct lab_words *words);
void lab_mappings(struct lab *lab, FILE *f);
/* show.c */
enum lab_result lab_cmd_show(struct lab *lab, const struct lab_words *words);
enum lab_result lab_cmd_count(struct lab *lab, const struct lab_words *words);
enum lab_result lab_cmd_auto(struct lab *lab, const struct lab_words *words);
enum lab_result lab_show(struct lab *lab, const char *what, const char *file);
/* Visits every counter that there is. */
void lab_each_counter(const struct lab *lab,
                      void (*visit)(void *ctx, const char *name, const char *text, uint64_t n),
                      void *ctx);
/* fit.c: lines wider than the screen are broken between words, the rest of a line goes in by
 * `indent`. */
void lab_fit(FILE *to, const char *text, unsigned width, unsigned indent);
/* why.c */
enum lab_result lab_cmd_why(struct lab *lab, const struct lab_words *words);
void lab_why_report(struct lab *lab); /* why_report.c */
void lab_why_used(struct lab *lab);   /* why_used.c */
/* step.c */
enum lab_result lab_cmd_back(struct lab *lab, const struct lab_words *words);
enum lab_result lab_cmd_forth(struct lab *lab, const struct lab_words *words);
enum lab_result lab_step(struct lab *lab, const char *line, const struct lab_command *command,
                         const struct lab_words *words);

/* play.c */
enum lab_result lab_cmd_play(struct lab *lab, const struct lab_words *words);
/* "> text" of a lesson. On a narrow screen it waits for the rest of its paragraph. */
bool lab_text(struct lab *lab, const char *line);
/* Prints what waits. */
void lab_text_end(struct lab *lab);
/* A line of a script, before it is run; text and comments are not repeated. */
void lab_echo(struct lab *lab, const char *line);

/* quiz.c, grade.c */
struct lab_quiz {
    uint64_t seed;
    unsigned questions;
    const char *topic; /* NULL: all in turn */
    bool solutions;
    const char *grade; /* file of answers, or NULL */
    unsigned width;    /* columns of the screen */
};
int lab_quiz(const struct lab_quiz *quiz, FILE *out);
const char *const *lab_quiz_topics(void);

/* input.c: a line from a person or a file, without its newline; NULL at the end. */
char *lab_input(FILE *in, bool interactive);
/* complete.c: whose names are completed */
void lab_input_for(const struct lab *lab);

/* "0x40" into one of a few static-free buffers. */
struct lab_hex {
    char text[20];
};
struct lab_hex lab_hex(fpr_pfn pfn);

#endif
