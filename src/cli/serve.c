/* querywarden serve: the gateway itself. Opens in order, runs, closes in reverse. */
#include <malloc.h>
#include <stdio.h>

#include "options.h"
#include "qw/cli.h"
#include "qw/control.h"

enum { WHY_BYTES = 1024 };

/*
 * OpenSSL takes and gives back its 16 KB buffers for every record, so that idle clients hold none. Each time, glibc would
 * first merge all of its "fast" chunks: without them (small blocks are in the thread's cache anyway) a query costs 1 us less.
 */
static void tune_malloc(void)
{
	(void)mallopt(M_MXFAST, 0);
}

static int run(struct street *s)
{
	struct control *control = NULL;
	char why[WHY_BYTES] = "out of memory";
	int status;

	if (control_open(s, street_loop(s), &control, why, sizeof(why)))
		return cli_fail("serve", why);
	street_http_port_set(s, control_http_port(control));
	status = street_run(s);
	control_close(control);
	return status;
}

static int serve(const struct config *c, bool check)
{
	struct street *s = NULL;
	char why[WHY_BYTES];
	int status;

	if (street_open(c, &s, why, sizeof(why)))
		return cli_fail("serve", why);
	status = check ? 0 : run(s);
	street_close(s);
	return status;
}

int cli_serve(int argc, char **argv)
{
	const char *file = NULL;
	bool check = false;
	const struct cli_option options[] = {{"--config", &file, NULL}, {"--check", NULL, &check}};
	struct config config = {0};
	int status;

	if (cli_parse(argc, argv, options, QW_COUNT(options), NULL, 0) < 0 || !file)
		return cli_usage("serve");
	if (vault_harden_process())
		return cli_fail("serve", "the process could not be hardened (locked memory, core dumps)");
	if (upstream_process_init()) /* nothing but the configuration says where we connect */
		return cli_fail("serve", "the environment could not be cleared of PG* variables");
	if (cli_config_load(file, &config))
		return 1;
	qw_log_level_set(config.log_level);
	tune_malloc();
	status = serve(&config, check);
	config_fini(&config);
	return status;
}
