#include "replay.h"

#include <string.h>
#include <unistd.h>

#include "cli.h"

void bench_plugin_open(struct bench_plugin *plugin, const char *path)
{
    char reason[200] = "";
    char name[4096];
    const char *comma = access(path, F_OK) ? strchr(path, ',') : NULL;
    snprintf(name, sizeof(name), "%.*s", (int)(comma ? (size_t)(comma - path) : strlen(path)),
             path);
    plugin->loaded = NULL;
    int err =
        fpr_plugin_load(name, comma ? comma + 1 : NULL, &plugin->loaded, reason, sizeof(reason));
    if (err) {
        bench_die(BENCH_USAGE, "--device: %s", reason[0] ? reason : path);
    }
    fpr_plugin_get_device(plugin->loaded, &plugin->device);
}

void bench_plugin_close(struct bench_plugin *plugin)
{
    fpr_plugin_unload(plugin->loaded);
    plugin->loaded = NULL;
}
