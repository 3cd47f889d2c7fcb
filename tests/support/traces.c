#include "support/traces.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *must(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

static void keep(struct test_trace *t, size_t *room, const struct fpr_trace_record *r)
{
    if (t->count == *room) {
        *room = *room ? *room * 2 : 256;
        t->record = must(realloc(t->record, *room * sizeof(*t->record)));
    }
    struct fpr_trace_record *mine = &t->record[t->count++];
    *mine = *r;
    if (r->sg) {
        struct fpr_sg *sg = must(calloc(FPR_TRACE_MAX_SG, sizeof(*sg)));
        memcpy(sg, r->sg, r->nr * sizeof(*sg));
        mine->sg = sg;
    }
}

void test_trace_read(const char *path, const struct fpr_trace_options *options,
                     struct test_trace *t)
{
    struct fpr_trace *trace;
    struct fpr_trace_record r;
    size_t room = 0;
    memset(t, 0, sizeof(*t));
    t->end = fpr_trace_open(path, options, &trace, &t->error);
    if (t->end < 0)
        return;
    while ((t->end = fpr_trace_next(trace, &r, &t->error)) > 0)
        keep(t, &room, &r);
    fpr_trace_get_summary(trace, &t->summary);
    fpr_trace_close(trace);
}

void test_trace_free(struct test_trace *t)
{
    for (size_t i = 0; i < t->count; i++)
        free((void *)(uintptr_t)t->record[i].sg);
    free(t->record);
    memset(t, 0, sizeof(*t));
}

bool test_record_differs(const struct fpr_trace_record *a, const struct fpr_trace_record *b,
                         int flags)
{
    fpr_ns unit = flags & TEST_MICROSECONDS ? 1000 : 1;
    bool context_unknown = (flags & TEST_NO_CONTEXT) && (a->context == '?' || b->context == '?');
    if (a->type != b->type || a->pfn != b->pfn || a->gfp != b->gfp || a->nr != b->nr ||
        a->value != b->value || a->order != b->order || a->migratetype != b->migratetype ||
        a->cpu != b->cpu || a->pid != b->pid || strcmp(a->text, b->text) != 0)
        return true;
    if ((a->time + unit / 2) / unit != (b->time + unit / 2) / unit)
        return true;
    if (a->context != b->context && !context_unknown)
        return true;
    for (uint32_t i = 0; a->sg && i < a->nr; i++)
        if (a->sg[i].pfn != b->sg[i].pfn || a->sg[i].order != b->sg[i].order)
            return true;
    return false;
}

long test_trace_differs(const struct test_trace *a, const struct test_trace *b, int flags)
{
    size_t n = a->count < b->count ? a->count : b->count;
    for (size_t i = 0; i < n; i++)
        if (test_record_differs(&a->record[i], &b->record[i], flags))
            return (long)i;
    return a->count == b->count ? -1 : (long)n;
}

int test_trace_write(const struct test_trace *t, const char *path)
{
    struct fpr_trace_writer *w;
    int rc = fpr_trace_writer_open(path, &w, NULL);
    if (rc < 0)
        return rc;
    for (size_t i = 0; rc == 0 && i < t->count; i++)
        rc = fpr_trace_writer_put(w, &t->record[i]);
    if (rc == 0)
        rc = fpr_trace_writer_commit(w);
    fpr_trace_writer_close(w);
    return rc;
}

static char folder[64];

const char *test_scratch_create(void)
{
    snprintf(folder, sizeof(folder), "/tmp/fpr-testXXXXXX");
    return must(mkdtemp(folder));
}

void test_scratch_remove(void)
{
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && (e = readdir(dir));)
        unlinkat(dirfd(dir), e->d_name, 0);
    if (dir)
        closedir(dir);
    rmdir(folder);
}

const char *test_scratch_path(const char *name)
{
    static char paths[8][160];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

const char *test_file_write(const char *name, const void *data, size_t size)
{
    const char *path = test_scratch_path(name);
    FILE *f = must(fopen(path, "wb"));
    if (fwrite(data, 1, size, f) != size)
        abort();
    fclose(f);
    return path;
}

unsigned char *test_file_read(const char *path, size_t *size)
{
    FILE *f = must(fopen(path, "rb"));
    unsigned char *data = NULL;
    size_t room = 1 << 16;
    *size = 0;
    for (;;) {
        data = must(realloc(data, room));
        *size += fread(data + *size, 1, room - *size, f);
        if (*size < room)
            break;
        room *= 2;
    }
    fclose(f);
    return data;
}

int test_scratch_setup(void **state)
{
    (void)state;
    return test_scratch_create() ? 0 : -1;
}

int test_scratch_teardown(void **state)
{
    (void)state;
    test_scratch_remove();
    return 0;
}
