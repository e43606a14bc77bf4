/** What an image brings that many apps use, and what to do with it. */
export interface KnownImage {
  /** `a PostgreSQL database`. */
  readonly what: string;
  /** `database`: runs beside Lotse. `front`: Lotse's proxy does it. `tool`: for people, not for the app. */
  readonly role: 'database' | 'front' | 'tool';
}

const database = (what: string): KnownImage => ({ what, role: 'database' });
const front = (what: string): KnownImage => ({ what, role: 'front' });
const tool = (what: string): KnownImage => ({ what, role: 'tool' });

const known: readonly (readonly [RegExp, KnownImage])[] = [
  [/^(?:postgres|postgis|timescaledb|pgvector|postgresql|spilo)/, database('a PostgreSQL database')],
  [/^(?:mysql|percona)/, database('a MySQL database')],
  [/^mariadb/, database('a MariaDB database')],
  [/^(?:redis|valkey|keydb|dragonfly)(?!.*(?:commander|insight))/, database('a Redis')],
  [/^(?:mongo|mongodb)(?!-express)(?:-community-server)?$/, database('a MongoDB')],
  [/^rabbitmq/, database('a RabbitMQ')],
  [/^(?:kafka|cp-kafka|redpanda|zookeeper|cp-zookeeper)/, database('a Kafka')],
  [/^nats/, database('a NATS server')],
  [/^memcached/, database('a Memcached')],
  [/^(?:elasticsearch|opensearch|meilisearch|typesense|solr|qdrant|weaviate)/, database('a search engine')],
  [/^(?:minio|seaweedfs|garage)$/, database('an object store')],
  [/^(?:clickhouse|clickhouse-server|cassandra|couchdb|neo4j|influxdb|cockroach)/, database('a database')],
  [
    /^(?:nginx-proxy|traefik|caddy|haproxy|envoy|acme-companion|jwilder|nginx-proxy-manager|certbot)/,
    front('a reverse proxy'),
  ],
  [/^nginx/, front('a web server in front')],
  [
    /^(?:adminer|pgadmin|pgadmin4|phpmyadmin|mongo-express|redis-commander|redisinsight|dbgate)/,
    tool('a page to look into a database'),
  ],
  [/^(?:mailhog|mailpit|maildev|mailcatcher|smtp4dev)/, tool('a catcher of test mails')],
  [/^(?:watchtower|portainer|portainer-ce|dozzle|autoheal)/, tool('a tool around containers')],
  [
    /^(?:prometheus|grafana|loki|promtail|cadvisor|node-exporter|jaeger|all-in-one|otel|opentelemetry)/,
    tool('monitoring'),
  ],
];

/** Null for an image that Lotse has no opinion about. `bitnami/postgresql:16` is a PostgreSQL too. */
export function knownImage(image: string): KnownImage | null {
  const name = imageName(image);
  return known.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}

/** Images of a language alone: the app is what is mounted into them. */
export function isRuntimeImage(image: string): boolean {
  return /^(?:node|bun|deno|python|ruby|php|golang|rust|openjdk|eclipse-temurin|amazoncorretto|elixir|erlang|sdk|aspnet|debian|ubuntu|alpine|busybox)$/.test(
    imageName(image),
  );
}

/** The last part of the name, without tag and digest. */
function imageName(image: string): string {
  const [withoutDigest = ''] = image.split('@');
  return (withoutDigest.split('/').at(-1) ?? '').replace(/:.*$/, '');
}
