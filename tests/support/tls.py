"""A scratch certificate authority, made with the openssl command."""
import os
import pathlib

from process import quietly

KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


class Authority:
    def __init__(self, folder, name="ca"):
        self.folder = pathlib.Path(folder)
        self.certificate, self.key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        quietly("openssl", "req", "-x509", *KEY, "-days", "30", "-subj", f"/CN=Querywarden scratch {name}",
                "-addext", "keyUsage=critical,keyCertSign", "-keyout", self.key, "-out", self.certificate)

    def issue(self, name, hosts=("DNS:localhost", "IP:127.0.0.1"), days=30, usage="serverAuth"):
        """Files (certificate, key) of a server's certificate, or with `usage` clientAuth of a client's."""
        certificate, key, request = (self.folder / f"{name}{end}" for end in (".pem", ".key", ".csr"))
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={','.join(hosts)}\nextendedKeyUsage={usage}\n")
        quietly("openssl", "req", *KEY, "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        quietly("openssl", "x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial",
                "-days", days, "-extfile", extensions, "-out", certificate)
        os.chmod(key, 0o600)
        request.unlink()
        extensions.unlink()
        return certificate, key
