/* Any bytes as a script of fpr-lab. Link with -Wl,--wrap=open,--wrap=rename: pictures go nowhere,
 * and take no file's place. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "lab.h"

#define MAX_LINES 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_rename(const char *from, const char *to);

int __wrap_open(const char *path, int flags, ...)
{
    return flags & O_CREAT ? memfd_create("picture", MFD_CLOEXEC) : __real_open(path, flags);
}

int __wrap_rename(const char *from, const char *to)
{
    (void)from;
    (void)to;
    return 0;
}

static void check_zones(const struct lab *lab)
{
    char reason[256];
    if (lab->w.zone && fpr_zone_validate(lab->w.zone, NULL, reason, sizeof(reason)) != 0) {
        fprintf(stderr, "%s\n", reason);
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct lab lab;
    FILE *in = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
    FILE *out = fopen("/dev/null", "w");
    if (!in || !out) {
        if (out) {
            fclose(out);
        }
        return 0;
    }
    lab_init(&lab, out, size % 2);
    char *line;
    for (int n = 0; n < MAX_LINES && (line = lab_input(in, false)); n++) {
        enum lab_result r = lab_line(&lab, line);
        free(line);
        check_zones(&lab);
        if (r == LAB_QUIT) {
            break;
        }
        if (r != LAB_OK && !lab.error[0]) {
            abort();
        }
    }
    lab_destroy(&lab);
    fclose(in);
    fclose(out);
    return 0;
}
