#include "trace/dat_check.h"

#include "trace/bytes.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/* Position in the file; `bad` once it left the file. */
struct walk {
    int fd;
    uint64_t at;
    uint64_t size;
    bool bad;
};

static void skip(struct walk *w, uint64_t bytes)
{
    if (bytes > w->size - w->at)
        w->bad = true;
    else
        w->at += bytes;
}

static void take(struct walk *w, unsigned char *to, size_t bytes)
{
    if (w->bad || pread(w->fd, to, bytes, (off_t)w->at) != (ssize_t)bytes) {
        w->bad = true;
        memset(to, 0, bytes);
        return;
    }
    w->at += bytes;
}

static uint64_t number(struct walk *w, size_t bytes)
{
    unsigned char data[8];
    take(w, data, bytes);
    return fpr_get_le(data, bytes);
}

/* Skips a text with its NUL; none here is longer than a file's name. */
static void skip_text(struct walk *w)
{
    for (int i = 0; i < 256 && !w->bad; i++)
        if (number(w, 1) == 0)
            return;
    w->bad = true;
}

/* Skips `count` pieces, each behind its size in 8 bytes. */
static void skip_pieces(struct walk *w, uint64_t count)
{
    for (; count && !w->bad; count--)
        skip(w, number(w, 8));
}

/* Everything before the records: formats, symbols, names. */
static void skip_head(struct walk *w)
{
    for (int i = 0; i < 2; i++) { /* header_page, header_event */
        skip_text(w);
        skip_pieces(w, 1);
    }
    skip_pieces(w, number(w, 4)); /* ftrace's own events */
    for (uint64_t systems = number(w, 4); systems && !w->bad; systems--) {
        skip_text(w);
        skip_pieces(w, number(w, 4));
    }
    skip(w, number(w, 4)); /* kallsyms */
    skip(w, number(w, 4)); /* formats of printk */
    skip(w, number(w, 8)); /* names of tasks */
}

/* Options and the table of where each cpu's records lie. */
static void check_records(struct walk *w)
{
    unsigned char tag[10];
    uint64_t cpus = number(w, 4);
    take(w, tag, sizeof(tag));
    if (memcmp(tag, "options", 7) == 0) {
        while (!w->bad && number(w, 2))
            skip(w, number(w, 4));
        take(w, tag, sizeof(tag));
    }
    if (memcmp(tag, "flyrecord", 9) != 0) {
        w->bad = true;
        return;
    }
    for (; cpus && !w->bad; cpus--) {
        uint64_t at = number(w, 8);
        uint64_t size = number(w, 8);
        if (at > w->size || size > w->size - at)
            w->bad = true;
    }
}

int fpr_dat_check(int fd)
{
    struct stat st;
    unsigned char head[14];
    if (fstat(fd, &st) < 0)
        return -EINVAL;
    struct walk w = {fd, 0, (uint64_t)st.st_size, false};
    take(&w, head, sizeof(head)); /* magic, version, byte order, size of long */
    if (!w.bad && (memcmp(head + 10, "6", 2) != 0 || head[12] != 0))
        return 0;
    skip(&w, 4); /* page size */
    if (!w.bad)
        skip_head(&w);
    if (!w.bad)
        check_records(&w);
    return w.bad ? -EINVAL : 0;
}
