/* `querywarden vault` alone, with a configuration that only knows where the vault is: for test_cli.py. */
#include <stdio.h>

#include "qw/cli.h"
#include "qw/config.h"

int config_load(const char *file, struct config *out, struct config_problem *problem)
{
	static char names[2][256];
	FILE *f = fopen(file, "r");

	*out = (struct config){.file = file};
	if (!f || fscanf(f, "%255s %255s", names[0], names[1]) != 2) {
		*problem = (struct config_problem){3, 14, "no such key"};
		if (f)
			(void)fclose(f);
		return QW_E_CONFIG;
	}
	(void)fclose(f);
	out->vault_file = names[0];
	out->vault_key_file = names[1];
	return 0;
}

void config_fini(struct config *c)
{
	c->vault_file = NULL;
}

int main(int argc, char **argv)
{
	return cli_vault(argc, argv);
}
