/* A trace of any length through a pipe into a program, and what memory that took.
 *   stream EVENTS PROGRAM [ARG...]     "%" as an argument stands for the recording: a folder whose
 *                                      trace.txt is the pipe
 * Prints events, seconds, events a second and the program's peak of resident KiB. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIVE  4096u      /* pages allocated at any time */
#define PAGES (1u << 16) /* few, so that all have been seen soon */

static char folder[] = "/tmp/fpr-stream-XXXXXX";
static char trace[sizeof(folder) + 16];

static void fail(const char *what)
{
    perror(what);
    unlink(trace);
    rmdir(folder);
    exit(EXIT_FAILURE);
}

/* Page i of a walk that visits each page once a round, in no simple order. */
static unsigned page(uint64_t i)
{
    return (unsigned)(i * 2654435761u % PAGES);
}

/* Each page lives for LIVE allocations. */
static void write_events(FILE *to, uint64_t events)
{
    for (uint64_t n = 0; n < events; n++) {
        uint64_t i = n / 2, us = 1000000 + n;
        fprintf(to, "  work-7 [000] ..... %u.%06u: ", (unsigned)(us / 1000000),
                (unsigned)(us % 1000000));
        if (n % 2 == 0 || i < LIVE) {
            uint64_t of = n % 2 == 0 ? i : PAGES / 2 + i; /* at first there is nothing to free */
            fprintf(to,
                    "mm_page_alloc: page=0000000000000000 pfn=0x%x order=0 migratetype=1 "
                    "gfp_flags=GFP_HIGHUSER_MOVABLE\n",
                    page(of));
        } else {
            fprintf(to, "mm_page_free: page=0000000000000000 pfn=0x%x order=0\n", page(i - LIVE));
        }
    }
}

static pid_t start_writer(uint64_t events)
{
    pid_t pid = fork();
    if (pid == 0) {
        FILE *to = fopen(trace, "w"); /* waits for the reader */
        if (!to) {
            _exit(EXIT_FAILURE);
        }
        write_events(to, events);
        _exit(fclose(to) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    return pid;
}

static pid_t start_program(char **argv)
{
    pid_t pid = fork();
    if (pid == 0) {
        for (char **a = argv; *a; a++) {
            *a = strcmp(*a, "%") ? *a : folder;
        }
        execvp(argv[0], argv);
        perror(argv[0]);
        _exit(EXIT_FAILURE);
    }
    return pid;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    char *end;
    uint64_t events = argc > 2 ? strtoull(argv[1], &end, 10) : 0;
    if (!events || *end) {
        fprintf(stderr, "usage: stream EVENTS PROGRAM [ARG...]\n");
        return 2;
    }
    if (!mkdtemp(folder)) {
        fail(folder);
    }
    snprintf(trace, sizeof(trace), "%s/trace.txt", folder);
    if (mkfifo(trace, 0600) != 0) {
        fail(trace);
    }
    double begin = seconds();
    pid_t writer = start_writer(events), program = start_program(&argv[2]);
    struct rusage usage;
    int status = 0, wrote = 0;
    if (writer < 0 || program < 0 || wait4(program, &status, 0, &usage) != program) {
        fail("wait4");
    }
    double took = seconds() - begin;
    if (status) { /* perhaps it never opened the pipe */
        kill(writer, SIGTERM);
    }
    waitpid(writer, &wrote, 0);
    unlink(trace);
    rmdir(folder);
    printf("%llu events, %.1f s, %.0f events/s, %ld KiB\n", (unsigned long long)events, took,
           (double)events / took, usage.ru_maxrss);
    return status || wrote ? EXIT_FAILURE : EXIT_SUCCESS;
}
