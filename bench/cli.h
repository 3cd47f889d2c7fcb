/* Command lines: argp with one parser a subcommand, and errors of one line. */
#ifndef BENCH_CLI_H
#define BENCH_CLI_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <fpr/trace.h>

/* What a program's end means. */
enum bench_exit { BENCH_OK = 0, BENCH_FAILED = 1, BENCH_USAGE = 2 };

/* Keys of options that have no short form start here. */
#define BENCH_KEY(n) (0x1000 + (n))

/* Sets the words that errors start with ("fpr-bench tune"). */
void bench_set_program(const char *program);
const char *bench_program(void);
/* While quiet nothing is said of errors, only the status tells of them. */
void bench_set_quiet(bool quiet);
bool bench_quiet(void);

/* To be called first: descriptors that the caller has closed become ones that fail, so that no file
 * of ours takes their place; a reader who goes ends a write, not the program. */
void bench_begin(void);
/* To be called last: the exit status, which is not BENCH_OK if what stands on standard output could
 * not be written. Why is said on stderr, but nothing of a reader who has read enough. */
int bench_end(int status);

/* One line on stderr, then the end with this status. */
_Noreturn void bench_die(enum bench_exit status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* One line on stderr. */
void bench_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "file:line: field: reason" of a reader's error, then the end. */
_Noreturn void bench_die_trace(int err, const struct fpr_trace_error *error);
/* The same where `import --salvage` is no way out: it was taken. */
_Noreturn void bench_die_salvage(int err, const struct fpr_trace_error *error);

/* A flag of options that may be given again; others with a value may not, as the last would win. */
#define BENCH_REPEATS 0x100
/* Parses a subcommand's line with the common options added (--help, --usage, --version).
 * Anything wrong ends the program with one line and status 2. */
void bench_parse(const struct argp *argp, int argc, char **argv, void *input);

/* "3.1 kB", "12.34 MB". */
const char *bench_size_text(uint64_t bytes, char *text, size_t size);

/* A whole number in a range, or the end of the program. */
uint64_t bench_number(const char *option, const char *text, uint64_t min, uint64_t max);
/* A number not below min. */
double bench_real(const char *option, const char *text, double min, double max);
/* Index of a word among `words` (NULL-terminated). */
size_t bench_word(const char *option, const char *text, const char *const *words);

/* A list of numbers: "0,9", ranges "0-10", both mixed; doubles are dropped.
 * Returns NULL if it is one, else a static text saying what is wrong. */
#define BENCH_LIST_MAX 256
struct bench_list {
    uint64_t values[BENCH_LIST_MAX];
    size_t count;
};
const char *bench_list_parse(const char *text, uint64_t min, uint64_t max, struct bench_list *list);
/* The same, ending the program. */
void bench_list(const char *option, const char *text, uint64_t min, uint64_t max,
                struct bench_list *list);

/* A subcommand. */
struct bench_command {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv); /* returns the exit status */
};

int bench_replay(int argc, char **argv);
int bench_tune(int argc, char **argv);
int bench_merge(int argc, char **argv);
int bench_import(int argc, char **argv);
int bench_gen(int argc, char **argv);
int bench_series(int argc, char **argv);
int bench_overcommit(int argc, char **argv);
int bench_micro(int argc, char **argv);

#endif
