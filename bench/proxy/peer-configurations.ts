// How the others are set up: as their documentation advises for many small requests, without access logs, and with
// upstream connections that are kept.

/** `pem`: a file with certificate and key, for TLS. */
export function haproxyConfiguration(port: number, upstreamPort: number, threads: number, pem: string | null): string {
  return `
global
  nbthread ${threads}
  maxconn 4000
defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
  http-reuse always
frontend front
  bind 127.0.0.1:${port}${pem === null ? '' : ` ssl crt ${pem} alpn h2,http/1.1`}
  default_backend app
backend app
  server app 127.0.0.1:${upstreamPort} pool-max-conn 256
`;
}

export function nginxConfiguration(folder: string, port: number, upstreamPort: number, workers: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
worker_processes ${workers};
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
daemon off;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 100000000;
  proxy_buffers 16 16k;
  proxy_buffer_size 16k;
${temporary.map((name) => `  ${name}_temp_path ${folder}/${name};`).join('\n')}
  upstream app {
    server 127.0.0.1:${upstreamPort};
    keepalive 256;
    keepalive_requests 100000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=2048;
    location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`;
}

export function caddyConfiguration(port: number, upstreamPort: number): string {
  const proxy = {
    handler: 'reverse_proxy',
    transport: { protocol: 'http', keep_alive: { max_idle_conns_per_host: 256 } },
    upstreams: [{ dial: `127.0.0.1:${upstreamPort}` }],
  };
  const server = {
    listen: [`127.0.0.1:${port}`],
    automatic_https: { disable: true },
    routes: [{ handle: [proxy] }],
  };
  return JSON.stringify({
    admin: { disabled: true },
    logging: { logs: { default: { level: 'ERROR' } } },
    apps: { http: { servers: { front: server } } },
  });
}
