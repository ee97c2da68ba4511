/* What the environment could tell libpq and the MySQL client library behind our back, and starting the latter. */
#include <mysql.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "my.h"

extern char **environ;

/* libpq's are PG*; the MySQL client library reads MYSQL_PWD, MARIADB_PLUGIN_DIR, LIBMYSQL_PLUGINS (loads them), MYSQL_UNIX_PORT, ... */
static bool is_told(const char *variable)
{
	static const char *const starts[] = {"PG", "MYSQL", "MARIADB", "LIBMYSQL"};

	for (size_t i = 0; i < QW_COUNT(starts); i++)
		if (strncmp(variable, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

static int clean(void)
{
	char name[64];

	for (char **e = environ; e && *e;) {
		size_t n = strcspn(*e, "=");

		if (!is_told(*e)) {
			e++;
			continue;
		}
		if (n >= sizeof(name))
			return QW_E_LIMIT;
		memcpy(name, *e, n);
		name[n] = '\0';
		if (unsetenv(name) != 0)
			return QW_E_NOMEM;
		e = environ; /* it moved */
	}
	return 0;
}

bool upstream_environment_is_clean(void)
{
	for (char **e = environ; e && *e; e++)
		if (is_told(*e))
			return false;
	return true;
}

int upstream_process_init(void)
{
	static bool is_started;
	int err = clean();

	if (err || is_started)
		return err;
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || mysql_library_init(0, NULL, NULL) != 0 || upstream_mysql_watch())
		return QW_E_IO;
	is_started = true;
	return 0;
}
