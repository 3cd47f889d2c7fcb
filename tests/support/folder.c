#include "support/folder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void test_folder_make(struct test_folder *folder)
{
    snprintf(folder->path, sizeof(folder->path), "/tmp/fpr-test-XXXXXX");
    if (!mkdtemp(folder->path)) {
        perror(folder->path);
        abort();
    }
}

void test_folder_write_bytes(const struct test_folder *folder, const char *name, const void *bytes,
                             size_t size)
{
    char path[384];
    snprintf(path, sizeof(path), "%s/%s", folder->path, name);
    FILE *file = fopen(path, "w");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file)) {
        perror(path);
        abort();
    }
}

void test_folder_write(const struct test_folder *folder, const char *name, const char *text)
{
    test_folder_write_bytes(folder, name, text, strlen(text));
}

void test_folder_remove(struct test_folder *folder)
{
    DIR *dir = opendir(folder->path);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        char path[384];
        snprintf(path, sizeof(path), "%s/%s", folder->path, entry->d_name);
        unlink(path);
    }
    if (dir) {
        closedir(dir);
    }
    rmdir(folder->path);
}
