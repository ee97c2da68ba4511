/* querywarden approvals, approve, deny: through the admin socket of the running gateway. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "given.h"
#include "options.h"
#include "qw/cli.h"
#include "qw/control.h"
#include "qw/digest.h"

enum { WHY_BYTES = 512 };

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

/* Sends it, and gives the answer when it is a good one; the rest is said on stderr. */
static json_t *call(const char *command, const struct config *c, json_t *request)
{
	char why[WHY_BYTES] = "out of memory", *line = json_dumps(request, JSON_COMPACT), *text = NULL;
	json_t *answer = NULL;
	json_error_t e;
	int err = QW_E_CONFIG;

	json_decref(request);
	if (!c->admin_socket)
		(void)snprintf(why, sizeof(why), "the configuration names no admin socket");
	else if (line)
		err = control_call(c->admin_socket, line, &text, why, sizeof(why));
	if (line)
		qw_wipe(line, strlen(line)); /* may hold a token */
	free(line);
	if (!err)
		answer = json_loads(text, 0, &e);
	free(text);
	if (json_is_true(json_object_get(answer, "ok")))
		return answer;
	if (!err)
		(void)snprintf(why, sizeof(why), "%s", text_of(answer, "error"));
	(void)cli_fail(command, why);
	json_decref(answer);
	return NULL;
}

/* ---- printing ---- */

/* What an agent wrote goes to a person's terminal: nothing but printable characters. */
static void print_clean(const char *s)
{
	for (; *s; s++)
		(void)putchar((unsigned char)*s < 0x20 || *s == 0x7f ? ' ' : *s);
}

static void print_line(const char *name, const char *value)
{
	if (!*value)
		return;
	(void)printf("  %-10s ", name);
	print_clean(value);
	(void)putchar('\n');
}

static void print_approval(const json_t *a)
{
	time_t created = (time_t)(json_integer_value(json_object_get(a, "created_us")) / 1000000);
	time_t expires = (time_t)(json_integer_value(json_object_get(a, "expires_us")) / 1000000);
	char when[32] = "", left[32] = "";
	struct tm tm;

	if (gmtime_r(&created, &tm))
		(void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%SZ", &tm);
	(void)snprintf(left, sizeof(left), "%lld s", (long long)(expires - time(NULL)));
	(void)printf("%s  %s\n", text_of(a, "id"), text_of(a, "state"));
	print_line("statement", text_of(a, "statement"));
	print_line("binds", text_of(a, "binds"));
	print_line("rule", text_of(a, "rule"));
	print_line("subject", text_of(a, "subject"));
	print_line("actor", text_of(a, "actor"));
	print_line("role", text_of(a, "role"));
	print_line("database", text_of(a, "database"));
	print_line("session", text_of(a, "session"));
	print_line("asked", when);
	if (strcmp(text_of(a, "state"), "pending") == 0 || strcmp(text_of(a, "state"), "approved") == 0)
		print_line("expires in", left);
	print_line("approver", text_of(a, "approver"));
	print_line("reason", text_of(a, "reason"));
}

/* ---- commands ---- */

static int list(const struct config *c, bool all, bool as_json)
{
	json_t *answer = call("approvals", c, json_pack("{s:s, s:b}", "op", "approvals", "all", all ? 1 : 0));
	const json_t *found = json_object_get(answer, "approvals"), *a;
	size_t i;

	if (!answer)
		return 1;
	if (as_json) {
		(void)json_dumpf(found, stdout, JSON_INDENT(2));
		(void)putchar('\n');
	} else {
		json_array_foreach(found, i, a)
			print_approval(a);
		if (json_array_size(found) == 0)
			(void)puts("nothing waits for approval");
	}
	json_decref(answer);
	return 0;
}

int cli_approvals(int argc, char **argv)
{
	const char *file = NULL;
	bool all = false, as_json = false;
	const struct cli_option options[] = {
		{"--config", &file, NULL}, {"--all", NULL, &all}, {"--json", NULL, &as_json}};
	struct config config = {0};
	int status;

	if (cli_parse(argc, argv, options, QW_COUNT(options), NULL, 0) < 0 || !file)
		return cli_usage("approvals");
	if (cli_config_load(file, &config))
		return 1;
	status = list(&config, all, as_json);
	config_fini(&config);
	return status;
}

static json_t *decision(const char *op, const char *id, const char *reason, const char *token)
{
	return json_pack("{s:s, s:s, s:s*, s:s*}", "op", op, "id", id, "reason", reason, "token", token);
}

static int decide(const char *op, const struct config *c, const char *id, const char *reason, const char *token_file)
{
	char *token = token_file ? given_token(op, token_file) : NULL;
	json_t *answer;

	if (token_file && !token)
		return 1;
	answer = call(op, c, decision(op, id, reason, token));
	if (token)
		qw_wipe(token, strlen(token));
	free(token);
	if (!answer)
		return 1;
	print_approval(json_object_get(answer, "approval"));
	json_decref(answer);
	return 0;
}

static int cli_decide(int argc, char **argv, const char *op)
{
	const char *file = NULL, *reason = NULL, *token_file = NULL, *id = NULL;
	const struct cli_option options[] = {
		{"--config", &file, NULL}, {"--reason", &reason, NULL}, {"--token-file", &token_file, NULL}};
	struct config config = {0};
	int status;

	if (cli_parse(argc, argv, options, QW_COUNT(options), &id, 1) != 1 || !file)
		return cli_usage(op);
	if (strcmp(op, "deny") == 0 && (!reason || !*reason))
		return cli_usage(op);
	if (cli_config_load(file, &config))
		return 1;
	status = decide(op, &config, id, reason, token_file);
	config_fini(&config);
	return status;
}

int cli_approve(int argc, char **argv)
{
	return cli_decide(argc, argv, "approve");
}

int cli_deny(int argc, char **argv)
{
	return cli_decide(argc, argv, "deny");
}
