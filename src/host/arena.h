/* An arena from the inside. */
#ifndef HOST_ARENA_H
#define HOST_ARENA_H

#include <fpr/arena.h>

#define FPR_ARENA_NR_MODES 5

/* One way of giving back. */
struct arena_way {
    struct fpr_arena *arena;
    enum fpr_arena_mode mode;
};

struct fpr_arena {
    struct fpr_arena_config config;
    size_t page;         /* bytes of a frame: the system's page */
    size_t backing;      /* bytes of what can be given back alone */
    unsigned char *base; /* of frame config.start */
    size_t length;       /* bytes */
    void *map;           /* what was mapped, which may begin before and end behind */
    size_t map_length;   /* its bytes */
    int fd;              /* -1: none */
    bool part;           /* of a guest, with which alone it goes */
    struct arena_way ways[FPR_ARENA_NR_MODES];
    struct fpr_arena_stats stats; /* atomic */
};

#endif
