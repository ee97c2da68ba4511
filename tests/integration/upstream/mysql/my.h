/* What run.py told us besides, and one way to connect. */
#ifndef UPSTREAM_TEST_MY_H
#define UPSTREAM_TEST_MY_H

#include "../support.h"

/* As in run.py */
enum hostile { WITHOUT_TLS, OTHER_FLAVOUR, OTHER_VERSION, APPENDED_OK, CLEAR_PASSWORD, SLOW_TLS, SLOW_GREETING, ERROR_INSTEAD, HUGE,
	CLEAR_GREETING, WANTS_FILE, HOSTILE_COUNT };

static uint16_t hostile_port[HOSTILE_COUNT];

static inline int my_init(int argc, char **argv)
{
	if (argc != 5 + HOSTILE_COUNT || world_init(6, argv))
		return 1;
	for (int i = 0; i < HOSTILE_COUNT; i++)
		hostile_port[i] = (uint16_t)atoi(argv[5 + i]);
	world_secret("admin", "admin", world.password);
	world_secret("plain", "plain", world.password);
	world_secret("native", "native", world.password);
	(void)alarm(150); /* nothing here may hang */
	return 0;
}

static inline struct upstream_target my_tls(void)
{
	return (struct upstream_target){.dialect = UPSTREAM_MYSQL, .name = "shop", .host = "localhost", .credential = "app", .port = world.port,
		.tls_ca_file = world.ca, .connect_timeout_s = 10};
}

static inline struct upstream_target my_plain(void)
{
	struct upstream_target t = my_tls();

	t.tls_mode = "disable";
	t.host = "127.0.0.1";
	t.credential = "plain";
	return t;
}

static inline struct upstream_target my_admin(void)
{
	struct upstream_target t = my_tls();

	t.credential = "admin";
	return t;
}

static inline struct upstream_target my_hostile(enum hostile h)
{
	struct upstream_target t = my_tls();

	t.port = hostile_port[h];
	return t;
}

static inline const char *my_value(const struct upstream *u, const char *name)
{
	struct upstream_parameter p[32];
	size_t n = upstream_parameters(u, p, QW_COUNT(p));

	for (size_t i = 0; i < n; i++)
		if (strcmp(p[i].name, name) == 0)
			return p[i].value;
	return "(none)";
}

#endif
