/* fpr-bench-mpi tune: one sweep by all ranks together; rank 0 writes the results, which are the
 * same to the byte as those of one process. */
#include <limits.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "tune/tune.h"

#define TAG 1

static void send_text(void *ctx, const char *text)
{
    (void)ctx;
    size_t size = strlen(text) + 1;
    if (size > INT_MAX) {
        bench_die(BENCH_FAILED, "the share is too large to be sent: use tune --shard and merge");
    }
    MPI_Send(text, (int)size, MPI_CHAR, 0, TAG, MPI_COMM_WORLD);
}

static char *receive_text(void *ctx, unsigned rank)
{
    (void)ctx;
    MPI_Status status;
    int size = 0;
    MPI_Probe((int)rank, TAG, MPI_COMM_WORLD, &status);
    MPI_Get_count(&status, MPI_CHAR, &size);
    char *text = tune_alloc((size_t)size + 1, 1);
    MPI_Recv(text, size, MPI_CHAR, (int)rank, TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    return text;
}

/* Usage errors and --help are met by all ranks alike, before anything was sent: all leave in good
 * order. A rank that fails later takes the others with it. */
static int working;
static int finished;

static void leave(void)
{
    if (working && !finished) {
        MPI_Abort(MPI_COMM_WORLD, BENCH_FAILED);
    } else {
        MPI_Finalize();
    }
}

int main(int argc, char **argv)
{
    int rank = 0, size = 1;
    bench_begin();
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    atexit(leave);
    bench_set_program("fpr-bench-mpi");
    bench_set_quiet(rank != 0);
    if (argc < 2 || strcmp(argv[1], "tune") != 0) {
        bench_die(BENCH_USAGE, "the only command is tune (see fpr-bench-mpi tune --help)");
    }
    struct tune_team team = {.rank = (unsigned)rank,
                             .size = (unsigned)size,
                             .working = &working,
                             .send = send_text,
                             .receive = receive_text};
    int status = bench_end(tune_main(argc - 1, argv + 1, &team));
    finished = status == BENCH_OK;
    return status;
}
