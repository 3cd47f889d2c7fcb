/* Small recordings, written by a test into a folder of its own. */
#ifndef TESTS_FOLDER_H
#define TESTS_FOLDER_H

#include <stddef.h>

/* A zone of 1024 pages, as /proc/zoneinfo tells of it. */
#define TEST_ZONEINFO                                                                              \
    "Node 0, zone   Normal\n"                                                                      \
    "  pages free     100\n"                                                                       \
    "        boost    0\n"                                                                         \
    "        min      8\n"                                                                         \
    "        low      10\n"                                                                        \
    "        high     12\n"                                                                        \
    "        spanned  1024\n"                                                                      \
    "        present  1024\n"                                                                      \
    "        managed  1024\n"                                                                      \
    "        protection: (0, 0, 0, 0, 0)\n"                                                        \
    "  pagesets\n"                                                                                 \
    "    cpu: 0\n"                                                                                 \
    "              high:  0\n"                                                                     \
    "              batch: 1\n"                                                                     \
    "  start_pfn:           0\n"

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
