#include "fuzz/support/parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/folder.h"

static struct test_folder folder;

static void remove_folder(void)
{
    test_folder_remove(&folder);
}

static void forget(const char *name)
{
    char path[384];
    snprintf(path, sizeof(path), "%s/%s", folder.path, name);
    unlink(path);
}

const char *fuzz_write_parts(const uint8_t *data, size_t size, const char *const *names)
{
    static const char divider[] = FUZZ_DIVIDER;
    const size_t len = sizeof(divider) - 1;
    if (!folder.path[0]) {
        test_folder_make(&folder);
        atexit(remove_folder);
    }
    for (; *names; names++) {
        const uint8_t *end = names[1] ? memmem(data, size, divider, len) : NULL;
        size_t part = end ? (size_t)(end - data) : size;
        if (part) {
            test_folder_write_bytes(&folder, *names, data, part);
        } else {
            forget(*names);
        }
        data += end ? part + len : part;
        size -= end ? part + len : part;
    }
    return folder.path;
}
