package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"text/template"
	"time"
)

// findNginx returns the path of nginx, or skips the test. Where everything is
// to be tested, with CI=true, it fails instead.
func findNginx(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"nginx", "/usr/sbin/nginx"} { // the latter is not in everybody's PATH
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const missing = "nginx is not installed: apt-get install nginx-light"
	if os.Getenv("CI") == "true" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

// nginxConf makes nginx what it is in front of a real fleet: it takes the
// replicas in turn, keeps connections to them open, and passes a request on to
// the next replica if one went away. That is right for POST, too, where the
// server's state is in the response: a response that nobody got has done
// nothing. One process, without a master, is enough here and ends for certain.
var nginxConf = template.Must(template.New("nginx.conf").Parse(`
daemon off;
master_process off;
pid {{.Dir}}/nginx.pid;
error_log {{.Log}} warn;
events { worker_connections 4096; }
http {
	access_log off;
	client_body_temp_path {{.Dir}}/body;
	proxy_temp_path {{.Dir}}/proxy;
	fastcgi_temp_path {{.Dir}}/fastcgi;
	uwsgi_temp_path {{.Dir}}/uwsgi;
	scgi_temp_path {{.Dir}}/scgi;
	proxy_cache_path {{.Dir}}/cache keys_zone=pages:1m;
	upstream fleet {
		{{range .Replicas}}server {{.}} fail_timeout=1s;
		{{end}}keepalive 64;
	}
	server {
		listen {{.Listen}};
		{{.Directives}}
		keepalive_requests 1000000;
		location / {
			proxy_pass http://fleet;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_set_header Host $http_host;
			proxy_next_upstream error timeout non_idempotent;
			add_header ` + upstreamHeader + ` $upstream_addr always;
		}
	}
}
`))

// upstreamHeader tells which replicas nginx has asked, the last of which has
// answered.
const upstreamHeader = "X-Upstream"

// An nginx is a running one.
type nginx struct {
	addr string
	log  string // file
}

func addrs(nodes []*node) (addrs []string) {
	for _, n := range nodes {
		addrs = append(addrs, n.addr)
	}
	return addrs
}

// startNginx puts nginx in front of the addresses of replicas, with directives
// of its server besides.
func startNginx(t *testing.T, ctx context.Context, directives string, replicas ...string) *nginx {
	t.Helper()
	path := findNginx(t)
	// The port is free when the kernel names it, and may be gone a moment
	// later.
	for range 5 {
		n := tryNginx(t, ctx, path, directives, replicas)
		if n != nil {
			return n
		}
	}
	t.Fatal("nginx does not start")
	return nil
}

func tryNginx(t *testing.T, ctx context.Context, path, directives string, replicas []string) *nginx {
	t.Helper()
	dir := t.TempDir()
	n := &nginx{addr: freeAddr(t), log: filepath.Join(dir, "error.log")}
	var conf bytes.Buffer
	if err := nginxConf.Execute(&conf, map[string]any{"Dir": dir, "Log": n.log, "Listen": n.addr, "Directives": directives, "Replicas": replicas}); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, conf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, "guard", path, "-p", dir, "-e", n.log, "-c", file)
	t.Cleanup(func() {
		if log, _ := os.ReadFile(n.log); t.Failed() && len(log) > 0 {
			t.Logf("nginx wrote:\n%s", tail(log))
		}
	})
	for ctx.Err() == nil {
		select {
		case <-p.ended:
			t.Logf("nginx has not started: %s", p.stderr.Bytes())
			return nil
		case <-time.After(20 * time.Millisecond):
		}
		if response, err := http.Get("http://" + n.addr + "/"); err == nil {
			response.Body.Close()
			return n
		}
	}
	t.Fatal(context.Cause(ctx))
	return nil
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// failovers returns how often a replica did not answer nginx, by what nginx has
// logged.
func (n *nginx) failovers(t *testing.T) string {
	t.Helper()
	log, err := os.ReadFile(n.log)
	if err != nil {
		t.Fatal(err)
	}
	text := string(log)
	return fmt.Sprintf("%d connections refused, %d closed or reset",
		strings.Count(text, "Connection refused"),
		strings.Count(text, "prematurely closed")+strings.Count(text, "reset by peer"))
}

// passedOn reports whether nginx has asked more than one replica.
func passedOn(response *http.Response) bool {
	return strings.Contains(response.Header.Get(upstreamHeader), ",")
}
