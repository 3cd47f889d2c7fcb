#include "replay.h"

#include <dlfcn.h>
#include <string.h>

#include "cli.h"

/* ISO C has no cast from an object pointer to a function pointer; POSIX says that it works. */
static void find(void *handle, const char *name, void *function_pointer)
{
    void *symbol = dlsym(handle, name);
    memcpy(function_pointer, &symbol, sizeof(symbol));
}

void bench_plugin_open(struct bench_plugin *plugin, const char *path)
{
    memset(plugin, 0, sizeof(*plugin));
    int (*open)(struct fpr_device *) = NULL;
    /* A name without a slash would be looked for in the system's folders. */
    char here[4096];
    int n = snprintf(here, sizeof(here), "%s%s", strchr(path, '/') ? "" : "./", path);
    if (n < 0 || (size_t)n >= sizeof(here)) {
        bench_die(BENCH_USAGE, "--device: the name is too long");
    }
    plugin->handle = dlopen(here, RTLD_NOW | RTLD_LOCAL);
    if (!plugin->handle) {
        bench_die(BENCH_USAGE, "--device: %s", dlerror());
    }
    find(plugin->handle, "fpr_plugin_open", &open);
    if (!open) {
        bench_die(BENCH_USAGE, "--device: %s: has no function fpr_plugin_open", path);
    }
    int err = open(&plugin->device);
    if (err || !plugin->device.report) {
        bench_die(BENCH_FAILED, "--device: %s: fpr_plugin_open failed (%d)", path, err);
    }
}

void bench_plugin_close(struct bench_plugin *plugin)
{
    void (*close)(struct fpr_device *) = NULL;
    if (plugin->handle) {
        find(plugin->handle, "fpr_plugin_close", &close);
        if (close) {
            close(&plugin->device);
        }
        dlclose(plugin->handle);
        plugin->handle = NULL;
    }
}
