#include "given.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "options.h"

enum { FILE_BYTES_MAX = 1 << 20, TOKEN_BYTES_MAX = 64 * 1024 };

struct policy *given_policy(const char *file)
{
	struct policy_problem problem;
	struct policy *p = NULL;
	uint8_t part[4096];
	struct qw_buf text;
	FILE *f = fopen(file, "re");
	size_t n;
	int err = 0;

	if (!f) {
		(void)fprintf(stderr, "%s: cannot be opened: %s\n", file, strerror(errno));
		return NULL;
	}
	qw_buf_init(&text, FILE_BYTES_MAX + 1);
	while (!err && (n = fread(part, 1, sizeof(part), f)) > 0)
		err = qw_buf_append(&text, part, n);
	if (err || ferror(f))
		(void)fprintf(stderr, "%s: cannot be read, or is larger than %d bytes\n", file,
			FILE_BYTES_MAX);
	else if (policy_load(file, qw_buf_pending(&text), &p, &problem) != 0)
		(void)fprintf(stderr, "%s\n", problem.text);
	(void)fclose(f);
	qw_buf_fini(&text);
	return p;
}

bool given_when(const char *words, struct policy_moment *out)
{
	while (words && *words) {
		size_t n = strcspn(words, ",");

		if (qw_bytes_equal(qw_bytes(words, n), QW_LIT("tainted")))
			out->is_tainted = true;
		else if (qw_bytes_equal(qw_bytes(words, n), QW_LIT("in_transaction")))
			out->in_transaction = true;
		else if (qw_bytes_equal(qw_bytes(words, n), QW_LIT("reads_secret")))
			out->reads_secret = true;
		else
			return false;
		words += n + (words[n] == ',');
	}
	return true;
}

int given_claims(char *text, struct qw_claim *out)
{
	int count = 0;
	char *part, *rest = NULL;

	for (part = strtok_r(text, ",", &rest); part; part = strtok_r(NULL, ",", &rest)) {
		char *equals = strchr(part, '=');

		if (!equals || equals == part || count == GIVEN_CLAIMS_MAX)
			return -1;
		*equals = '\0';
		out[count++] = (struct qw_claim){.name = part, .value = equals + 1};
	}
	return count;
}

char *given_token(const char *command, const char *file)
{
	FILE *f = strcmp(file, "-") == 0 ? stdin : fopen(file, "re");
	char *token = f ? calloc(1, TOKEN_BYTES_MAX) : NULL;
	size_t n = token ? fread(token, 1, TOKEN_BYTES_MAX - 1, f) : 0;

	if (f && f != stdin)
		(void)fclose(f);
	while (n > 0 && strchr(" \t\r\n", token[n - 1]))
		token[--n] = '\0';
	if (n > 0)
		return token;
	(void)cli_fail(command, "the token file cannot be read or is empty");
	free(token);
	return NULL;
}
