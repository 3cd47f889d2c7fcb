/* Helpers of the trace tests: whole traces in memory, files in a scratch folder. */
#ifndef TESTS_TRACES_H
#define TESTS_TRACES_H

#include <fpr/trace.h>

/* All that a reader gives. */
struct test_trace {
    struct fpr_trace_record *record; /* sg points to copies */
    size_t count;
    int end; /* what the last fpr_trace_next(), or fpr_trace_open(), returned */
    struct fpr_trace_error error;
    struct fpr_trace_summary summary;
};

/* Reads a file to its end or first error. */
void test_trace_read(const char *path, const struct fpr_trace_options *options,
                     struct test_trace *t);
void test_trace_free(struct test_trace *t);

/* What test_trace_differs() takes as the same. */
enum {
    TEST_MICROSECONDS = 1, /* times that are the same rounded to microseconds */
    TEST_NO_CONTEXT = 2,   /* a context that one of the two does not know */
};
bool test_record_differs(const struct fpr_trace_record *a, const struct fpr_trace_record *b,
                         int flags);
/* @return the index of the first record that differs, -1 if all are the same */
long test_trace_differs(const struct test_trace *a, const struct test_trace *b, int flags);
/* Writes all records to a native file. @return as fpr_trace_writer_commit() */
int test_trace_write(const struct test_trace *t, const char *path);

/* A new folder for files of a test; its name stays valid until the next call. */
const char *test_scratch_create(void);
/* Removes the folder and the files in it. */
void test_scratch_remove(void);
/* Both as CMocka calls them around a group of tests. */
int test_scratch_setup(void **state);
int test_scratch_teardown(void **state);
/* Path of a file in the folder; valid until eight more calls. */
const char *test_scratch_path(const char *name);
/* Writes a file in the folder. @return its path, as test_scratch_path() */
const char *test_file_write(const char *name, const void *data, size_t size);
/* Reads a whole file. @return memory to be freed */
unsigned char *test_file_read(const char *path, size_t *size);

#endif
