#include "lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum {
    CHUNK = 64 * 1024,
    LONGEST_LINE = 256 * 1024 * 1024, /* the pageblocks of a 2^32-page zone fit */
};

struct lines {
    gzFile file; /* NULL: from memory */
    const char *memory;
    size_t memory_left;
    char *chunk;
    size_t chunk_at, chunk_end;
    bool ended;
    char *line;
    size_t capacity;
    unsigned long number;
    char error[128];
};

static struct lines *lines_new(void)
{
    struct lines *in = calloc(1, sizeof(*in));
    if (!in) {
        return NULL;
    }
    in->chunk = malloc(CHUNK);
    in->capacity = 4096;
    in->line = malloc(in->capacity);
    if (!in->chunk || !in->line) {
        lines_close(in);
        return NULL;
    }
    return in;
}

int lines_open(const char *path, struct lines **in)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return -errno;
    }
    struct stat st;
    int error = fstat(fd, &st) ? errno : S_ISDIR(st.st_mode) ? EISDIR : 0;
    if (error) {
        close(fd);
        return -error;
    }
    struct lines *made = lines_new();
    if (made) {
        made->file = gzdopen(fd, "rb");
    }
    if (!made || !made->file) {
        close(fd);
        lines_close(made);
        return -ENOMEM;
    }
    *in = made;
    return 0;
}

struct lines *lines_from_memory(const void *data, size_t size)
{
    struct lines *in = lines_new();
    if (in) {
        in->memory = data;
        in->memory_left = size;
    }
    return in;
}

void lines_close(struct lines *in)
{
    if (!in) {
        return;
    }
    if (in->file) {
        gzclose(in->file);
    }
    free(in->chunk);
    free(in->line);
    free(in);
}

static int fill(struct lines *in)
{
    in->chunk_at = in->chunk_end = 0;
    if (!in->file) {
        size_t n = in->memory_left < CHUNK ? in->memory_left : CHUNK;
        memcpy(in->chunk, in->memory, n);
        in->memory += n;
        in->memory_left -= n;
        in->chunk_end = n;
        return 0;
    }
    int n = gzread(in->file, in->chunk, CHUNK);
    if (n > 0) {
        in->chunk_end = (size_t)n;
        return 0;
    }
    int error = Z_OK;
    const char *text = gzerror(in->file, &error);
    if (n < 0 || error == Z_BUF_ERROR) {
        /* zlib reports a gzip file that was cut short as a buffer error at its end */
        snprintf(in->error, sizeof(in->error), "%s",
                 error == Z_BUF_ERROR ? "the gzip data are cut short"
                 : error == Z_ERRNO   ? strerror(errno)
                                      : text);
        return -1;
    }
    return 0;
}

static bool append(struct lines *in, size_t used, const char *text, size_t n)
{
    size_t need = used + n + 1;
    if (need > LONGEST_LINE) {
        snprintf(in->error, sizeof(in->error), "the line is longer than %d bytes", LONGEST_LINE);
        return false;
    }
    if (need > in->capacity) {
        size_t grown = need * 2;
        char *line = realloc(in->line, grown);
        if (!line) {
            snprintf(in->error, sizeof(in->error), "out of memory");
            return false;
        }
        in->line = line;
        in->capacity = grown;
    }
    memcpy(in->line + used, text, n);
    in->line[used + n] = '\0';
    return true;
}

int lines_next(struct lines *in, char **text, size_t *length)
{
    size_t used = 0;
    if (in->ended) {
        return in->error[0] ? -1 : 0;
    }
    in->number++;
    for (;;) {
        if (in->chunk_at == in->chunk_end) {
            if (fill(in)) {
                in->ended = true;
                return -1;
            }
            if (!in->chunk_end) {
                in->ended = true;
                break;
            }
        }
        const char *from = in->chunk + in->chunk_at;
        size_t rest = in->chunk_end - in->chunk_at;
        const char *newline = memchr(from, '\n', rest);
        size_t n = newline ? (size_t)(newline - from) : rest;
        if (!append(in, used, from, n)) {
            in->ended = true;
            return -1;
        }
        used += n;
        in->chunk_at += n + (newline ? 1 : 0);
        if (newline) {
            break;
        }
    }
    if (in->ended && !used) {
        in->number--;
        return 0;
    }
    if (used && in->line[used - 1] == '\r') {
        snprintf(in->error, sizeof(in->error),
                 "the line ends with CR LF, as on Windows; remove the CRs: tr -d '\\r'");
        in->ended = true;
        return -1;
    }
    *text = in->line;
    *length = used;
    return 1;
}

unsigned long lines_number(const struct lines *in)
{
    return in->number;
}

const char *lines_error(const struct lines *in)
{
    return in->error;
}
