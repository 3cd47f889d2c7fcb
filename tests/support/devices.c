#include "support/devices.h"

#include <string.h>

static int answer(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    struct test_device *device = ctx;
    device->calls++;
    device->nents = nents;
    device->pfn = nents > 0 ? sg[0].pfn : FPR_PFN_NONE;
    return device->result;
}

void test_device_init(struct test_device *device)
{
    *device = (struct test_device){
        .device = {.name = "test", .report = answer, .ctx = device, .order = 3, .max_nents = 40}};
}

int test_text_write(void *ctx, const char *text, size_t len)
{
    struct test_text *out = ctx;
    if (out->error != 0 && out->left-- <= 0)
        return out->error;
    if (len > sizeof(out->text) - 1 - out->len)
        return -1;
    memcpy(out->text + out->len, text, len);
    out->len += len;
    out->text[out->len] = '\0';
    return 0;
}
