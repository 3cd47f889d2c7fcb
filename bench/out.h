/* Result files: written beside their place under a temporary name, renamed when complete. */
#ifndef BENCH_OUT_H
#define BENCH_OUT_H

#include <stdbool.h>
#include <stdio.h>

/* Ends the program (status 2) if the file cannot be made, found by making one beside it and
 * removing that: better before a long run than after it. What is there stays. "-" and NULL pass. */
void bench_out_check(const char *option, const char *path);
/* The same for a file that is renamed to its place and read again: neither "-" nor a device. */
void bench_out_check_file(const char *option, const char *path);
/* "-", or another name of what is standard output. */
bool bench_out_is_stdout(const char *path);
/* All results of one run, by option; path NULL: not asked for. Each as bench_out_check(), and no
 * two of them in one place. */
struct bench_out_file {
    const char *option, *path;
};
void bench_out_check_all(const struct bench_out_file *files, size_t nr);
/* Ends the program (status 2) if a result would overwrite what is read: this file, or a file of the
 * recording in this folder. A folder as a result is compared with it too. A
 * name of no letters is none. */
void bench_out_check_input(const struct bench_out_file *files, size_t nr, const char *input);
/* A file without a name in $TMPDIR or /tmp: nothing is left of it, however the program ends. Ends
 * the program if there can be none. */
FILE *bench_out_spool(void);
/* Writes a whole file; "-" is stdout, NULL: nothing; of a link what it names. If it cannot (the
 * disk is full or the like), one line on stderr says which and why, what was there stays, and the
 * caller may go on with its other results. Returns BENCH_OK or BENCH_FAILED. */
int bench_out_write(const char *path, void (*write)(FILE *to, const void *what), const void *what);

#endif
