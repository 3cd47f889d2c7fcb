/* Small recordings, written by a test into a folder of its own. */
#ifndef TESTS_FOLDER_H
#define TESTS_FOLDER_H

#include <stddef.h>

struct test_folder {
    char path[64];
};

/* Makes an empty folder under /tmp; aborts the test program if it cannot. */
void test_folder_make(struct test_folder *folder);
/* Writes a file into it. */
void test_folder_write(const struct test_folder *folder, const char *name, const char *text);
void test_folder_write_bytes(const struct test_folder *folder, const char *name, const void *bytes,
                             size_t size);
/* Removes it and the files in it. */
void test_folder_remove(struct test_folder *folder);

#endif
