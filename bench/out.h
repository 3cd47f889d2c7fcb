/* Result files: written beside their place under a temporary name, renamed when complete. */
#ifndef BENCH_OUT_H
#define BENCH_OUT_H

#include <stdbool.h>
#include <stdio.h>

/* One file being written. */
struct bench_out {
    FILE *file; /* where to write */
    char *path; /* NULL: stdout */
    char *temp; /* name until it is complete */
};

/* Ends the program (status 2) if the file could not be made: better before a long run than
 * after it. "-" and NULL pass. */
void bench_out_check(const char *option, const char *path);
/* The same for a file that is renamed to its place and read again: neither "-" nor a device. */
void bench_out_check_file(const char *option, const char *path);
bool bench_out_is_stdout(const char *path);
/* All results of one run, by option; path NULL: not asked for. Each as bench_out_check(), and no
 * two of them in one place. */
struct bench_out_file {
    const char *option, *path;
};
void bench_out_check_all(const struct bench_out_file *files, size_t nr);
/* Ends the program (status 2) if a result would overwrite what is read: this file, or a file of the
 * recording in this folder. A folder as a result is compared with it too. */
void bench_out_check_input(const struct bench_out_file *files, size_t nr, const char *input);
/* Opens; "-" is stdout. Ends the program if it cannot. */
void bench_out_open(struct bench_out *out, const char *path);
/* Completes and renames. Ends the program if the disk is full or the like. */
void bench_out_commit(struct bench_out *out);

#endif
