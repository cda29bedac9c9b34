<?php

/**
 * @file
 * Stands in for Drupal where there is none, as in CI. Our own writing; nothing of Drupal is in it.
 *
 * It does what was measured on real Drupal 7 and 10: router, class registry, theme registry, discovery (with absolute
 * paths) and pages are kept in one database that all servers and all releases share, keyed by nothing that a release
 * owns. They are filled by whatever code runs when they are empty, and by drush, and every answer is made from them.
 */

/**
 * The site of the code that runs.
 */
final class Site {

  public readonly string $root;
  public readonly int $core;
  /** The release, by the directory that this code lies in. */
  public readonly string $release;
  public array $settings = [];
  public array $conf = [];
  private PDO $database;

  public function __construct(string $site = 'default') {
    // The real path: PHP resolves links when it includes a file.
    $this->root = dirname(__DIR__);
    $this->release = preg_match('~/releases/([^/]+)~', $this->root, $found) ? $found[1] : basename($this->root);
    $this->core = (int) file_get_contents("$this->root/core/version.txt");
    $this->include("$this->root/sites/$site/settings.php");
    $this->database = new PDO('sqlite:' . $this->settings['database'], options: [PDO::ATTR_TIMEOUT => 20]);
    $this->database->exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF');
    $this->database->exec('CREATE TABLE IF NOT EXISTS cache (bin TEXT, cid TEXT, data TEXT, PRIMARY KEY (bin, cid));'
      . 'CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, data TEXT);'
      . 'CREATE TABLE IF NOT EXISTS log (line TEXT)');
  }

  /**
   * The directory below sites/ for a host: its own name, or the first part of it that there is.
   */
  public static function of(string $root, string $host): string {
    $host = explode(':', $host)[0];
    for ($name = $host; $name !== ''; $name = substr($name, 0, (int) strrpos($name, '.'))) {
      if (is_dir("$root/sites/$name")) {
        return $name;
      }
    }
    return 'default';
  }

  /**
   * As Drupal does, with its names in scope.
   */
  private function include(string $file): void {
    $app_root = $this->root;
    $site_path = 'sites/default';
    $settings = $conf = [];
    if ($this->core < 8 && !defined('DRUPAL_ROOT')) {
      define('DRUPAL_ROOT', $app_root);
    }
    if ($this->core < 8) {
      unset($app_root);
    }
    require $file;
    $this->settings = $settings;
    $this->conf = $conf;
  }

  public function state(string $name, mixed $default = NULL): mixed {
    $row = $this->query('SELECT data FROM state WHERE name = ?', [$name])->fetchColumn();
    return $row === FALSE ? $default : json_decode($row, TRUE);
  }

  public function setState(string $name, mixed $value): void {
    $this->query('INSERT OR REPLACE INTO state VALUES (?, ?)', [$name, json_encode($value)]);
  }

  public function log(string $line): void {
    $this->query('INSERT INTO log VALUES (?)', [$line]);
  }

  public function query(string $sql, array $values = []): PDOStatement {
    $statement = $this->database->prepare($sql);
    $statement->execute($values);
    return $statement;
  }

  /**
   * What is in a bin; made by this release's code where it is empty.
   */
  public function cached(string $bin): array {
    $found = $this->query('SELECT data FROM cache WHERE bin = ? AND cid = ?', [$bin, 'all'])->fetchColumn();
    if ($found !== FALSE) {
      return json_decode($found, TRUE);
    }
    $made = $this->discover($bin);
    $this->query('INSERT OR REPLACE INTO cache VALUES (?, ?, ?)', [$bin, 'all', json_encode($made)]);
    return $made;
  }

  /**
   * What this release's code says of itself.
   */
  private function discover(string $bin): array {
    $module = json_decode(file_get_contents("$this->root/probe/module.json"), TRUE);
    if ($bin !== 'discovery') {
      return $module[$bin];
    }
    // Absolute, as Drupal 10 keeps a component's template; Drupal 7 keeps no such path.
    return array_map(fn ($file) => $this->core < 8 ? $file : "$this->root/$file", $module[$bin]);
  }

  /**
   * All bins empty, and then what the code that runs here knows: `drush cache:rebuild`, `drush cc all`.
   */
  public function rebuild(): void {
    $this->query('DELETE FROM cache');
    foreach (['router', 'registry', 'theme', 'discovery'] as $bin) {
      $this->cached($bin);
    }
  }

  private function caches(string $bin): bool {
    if ($this->core < 8) {
      return ($this->conf['cache'] ?? 1) == 1;
    }
    return !isset($this->settings['cache']['bins'][$bin]);
  }

  /**
   * One answer: status and body.
   */
  public function answer(string $path, string $uri): array {
    if ($this->caches('page')) {
      $page = $this->query('SELECT data FROM cache WHERE bin = ? AND cid = ?', ['page', $uri])->fetchColumn();
      if ($page !== FALSE) {
        header('X-Drupal-Cache: HIT');
        return json_decode($page, TRUE);
      }
    }
    header('X-Drupal-Cache: MISS');
    if ($this->state('maintenance')) {
      $closed = [503, "maintenance\n"];
      // Drupal 7 keeps that page, too.
      if ($this->core < 8) {
        $this->keep($uri, $closed);
      }
      return $closed;
    }
    try {
      $body = $this->build($path);
    }
    catch (Throwable $error) {
      return [500, 'error: ' . $error->getMessage() . "\n"];
    }
    if ($body === NULL) {
      return [404, "nothing here\n"];
    }
    $this->keep($uri, [200, $body]);
    return [200, $body];
  }

  private function keep(string $uri, array $answer): void {
    if ($this->caches('page')) {
      $this->query('INSERT OR REPLACE INTO cache VALUES (?, ?, ?)', ['page', $uri, json_encode($answer)]);
    }
  }

  private function build(string $path): ?string {
    $route = $this->cached('router')[$path] ?? NULL;
    if ($route === NULL) {
      return NULL;
    }
    $registry = $this->cached('registry');
    spl_autoload_register(function (string $class) use ($registry) {
      if (isset($registry[$class])) {
        $this->load($registry[$class]);
      }
    });
    $this->load($route['file']);
    if (!is_callable($route['callback'])) {
      throw new Exception("The controller for $path is not callable: $route[callback]");
    }
    $wants = (int) file_get_contents("$this->root/schema.txt");
    $has = $this->state('schema', 0);
    if ($has < $wants) {
      throw new Exception("the database has schema $has, the code wants $wants");
    }
    $parts = ['root' => $this->release] + $route['callback']();
    $body = '';
    foreach ($this->cached('theme') as $template) {
      $body .= $this->render("$this->root/$template", $parts);
    }
    foreach ($this->cached('discovery') as $component) {
      // One that is gone leaves a hole in the page, and nothing else.
      $body .= is_file($component) || $this->core < 8 ? $this->render($component, []) : '';
    }
    return $body;
  }

  private function load(string $file): void {
    if (!is_file("$this->root/$file")) {
      throw new Exception("Failed opening required '$this->root/$file'");
    }
    require_once "$this->root/$file";
  }

  private function render(string $template, array $parts): string {
    if (!str_starts_with($template, '/')) {
      $template = "$this->root/$template";
    }
    if (!is_file($template)) {
      throw new Exception("Template \"$template\" is not defined");
    }
    ob_start();
    try {
      include $template;
    }
    finally {
      $text = ob_get_clean();
    }
    return $text;
  }

}
