#include "replay.h"

#include "cli.h"

void bench_plugin_open(struct bench_plugin *plugin, const char *path)
{
    char reason[200] = "";
    plugin->loaded = NULL;
    int err = fpr_plugin_load(path, NULL, &plugin->loaded, reason, sizeof(reason));
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
