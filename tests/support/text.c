#include "support/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int test_text_append(void *ctx, const char *text, size_t len)
{
    struct test_text *t = ctx;
    if (t->fail)
        return t->fail;
    t->data = realloc(t->data, t->len + len + 1);
    if (!t->data)
        abort();
    memcpy(t->data + t->len, text, len);
    t->len += len;
    t->data[t->len] = '\0';
    return 0;
}

struct test_text test_text_file(const char *path)
{
    struct test_text t = {.data = NULL};
    char part[4096];
    size_t n;
    FILE *f = fopen(path, "r");
    if (!f) {
        perror(path);
        abort();
    }
    while ((n = fread(part, 1, sizeof(part), f)) > 0)
        test_text_append(&t, part, n);
    fclose(f);
    return t;
}
