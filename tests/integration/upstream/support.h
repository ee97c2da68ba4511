/* What run.py told us, a vault with the credentials, and one way to connect. */
#ifndef UPSTREAM_TEST_SUPPORT_H
#define UPSTREAM_TEST_SUPPORT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "qw/upstream.h"

struct world {
	const char *dir;
	uint16_t port, down_port, silent_port, echo_port;
	char ca[300], other_ca[300], password[100];
	struct vault *vault;
};
extern struct world world;
struct world world;

static inline void world_secret(const char *name, const char *user, const char *secret)
{
	char why[300] = "";

	if (vault_set(world.vault, name, user, qw_bytes_from(secret), why, sizeof(why)))
		fail_msg("%s", why);
}

static inline int world_init(int argc, char **argv)
{
	char file[300], key[300], path[300], why[300] = "";
	FILE *f;

	if (argc != 6 || vault_harden_process() || upstream_process_init())
		return 1;
	world.dir = argv[1];
	world.port = (uint16_t)atoi(argv[2]);
	world.down_port = (uint16_t)atoi(argv[3]);
	world.silent_port = (uint16_t)atoi(argv[4]);
	world.echo_port = (uint16_t)atoi(argv[5]);
	(void)snprintf(world.ca, sizeof(world.ca), "%s/ca.crt", world.dir);
	(void)snprintf(world.other_ca, sizeof(world.other_ca), "%s/other-ca.crt", world.dir);
	(void)snprintf(path, sizeof(path), "%s/password", world.dir);
	(void)snprintf(file, sizeof(file), "%s/v.qwv", world.dir);
	(void)snprintf(key, sizeof(key), "%s/v.key", world.dir);
	f = fopen(path, "r");
	if (!f || !fgets(world.password, sizeof(world.password), f))
		return 1;
	(void)fclose(f);
	if (vault_init(file, key, why, sizeof(why)) || vault_open(file, key, &world.vault, why, sizeof(why))) {
		(void)fprintf(stderr, "%s\n", why);
		return 1;
	}
	world_secret("app", "app", world.password);
	world_secret("limited", "limited", world.password);
	world_secret("stubborn", "stubborn", world.password);
	world_secret("wrong", "app", "Wr0ng-password");
	world_secret("key", "", "no user");
	(void)alarm(90); /* nothing here may hang */
	return 0;
}

static inline struct upstream_target target_tls(void)
{
	return (struct upstream_target){.name = "shop", .host = "localhost", .credential = "app", .port = world.port,
		.tls_ca_file = world.ca, .connect_timeout_s = 10};
}

static inline struct upstream_target target_plain(void)
{
	struct upstream_target t = target_tls();

	t.tls_mode = "disable";
	t.host = "127.0.0.1";
	return t;
}

static inline struct upstream *connected(const struct upstream_target *t)
{
	struct upstream_request r = {.dialect = t->dialect, .target = t, .database = "shop", .application_name = "qw session 1"};
	struct upstream_failure f;
	struct upstream *u = NULL;

	if (upstream_connect(world.vault, &r, &u, &f))
		fail_msg("%s %s: %s", f.sqlstate, f.message, f.detail);
	return u;
}

#endif
