/* main() of a fuzz target where there is no fuzzer: gives it each file once.
 *   fuzz_TARGET FOLDER|FILE...     a folder that is not there is empty */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *path)
{
    perror(path);
    exit(EXIT_FAILURE);
}

static void feed_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) {
        fail(path);
    }
    long size = ftell(file);
    /* exactly as large as the file, so that reading beyond it is noticed */
    uint8_t *data = malloc(size > 0 ? (size_t)size : 1);
    rewind(file);
    if (size < 0 || !data || fread(data, 1, (size_t)size, file) != (size_t)size) {
        fail(path);
    }
    fclose(file);
    printf("%s\n", path);
    fflush(stdout); /* the last name is that of a file that ends the program */
    LLVMFuzzerTestOneInput(data, (size_t)size);
    free(data);
}

static int is_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static unsigned feed(const char *path)
{
    struct dirent **entries;
    int n = scandir(path, &entries, is_file, alphasort);
    if (n < 0 && errno == ENOENT) {
        return 0;
    }
    if (n < 0 && errno == ENOTDIR) {
        feed_file(path);
        return 1;
    }
    if (n < 0) {
        fail(path);
    }
    for (int i = 0; i < n; i++) {
        char full[4096];
        snprintf(full, sizeof(full), "%s/%s", path, entries[i]->d_name);
        feed_file(full);
        free(entries[i]);
    }
    free(entries);
    return (unsigned)n;
}

int main(int argc, char **argv)
{
    unsigned files = 0;
    for (int i = 1; i < argc; i++) {
        files += feed(argv[i]);
    }
    printf("%u files\n", files);
    return files ? EXIT_SUCCESS : EXIT_FAILURE;
}
