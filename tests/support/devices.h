/* Devices and sinks that several tests of devices put behind the one they test. */
#ifndef TESTS_SUPPORT_DEVICES_H
#define TESTS_SUPPORT_DEVICES_H

#include <fpr/device.h>

/* Answers every call with `result` and notes it. */
struct test_device {
    struct fpr_device device;
    int result;
    unsigned calls;
    unsigned nents; /* of the last call */
    fpr_pfn pfn;    /* of its first entry */
};

void test_device_init(struct test_device *device);

/* Text written so far; fails with `error` once `left` pieces are written, if error is not 0. */
struct test_text {
    char text[2000];
    size_t len;
    int error;
    int left;
};

int test_text_write(void *ctx, const char *text, size_t len);

#endif
