#!/usr/bin/env php
<?php

/**
 * @file
 * Stands in for drush where there is none: its streams, exit codes and log lines are as drush 8.4.12 and 12.5.2 were seen
 * to have them. It runs the code below --root, and fills the caches from there.
 */

[$options, $plain] = [[], []];
foreach (array_slice($argv, 1) as $argument) {
  if (str_starts_with($argument, '--')) {
    [$name, $value] = explode('=', substr($argument, 2), 2) + [1 => TRUE];
    $options[$name] = $value;
  }
  elseif (!str_starts_with($argument, '-')) {
    $plain[] = $argument;
  }
}
// `/releases/r1` or `/releases/r1/web`.
$root = realpath($options['root'] ?? getcwd());
require "$root/core/bootstrap.php";
$name = Site::of($root, parse_url($options['uri'] ?? '', PHP_URL_HOST) ?: '');
$old = (int) file_get_contents("$root/core/version.txt") < 8;

/**
 * A line of the log: at the left since drush 9, at the right margin and in colour in drush 8.
 */
function say(string $level, string $text, string $behind = ''): void {
  global $old;
  $colour = ['error' => '31;40m', 'ok' => '1;32;40m', 'success' => '1;32;40m'][$level] ?? '1;33;40m';
  if (!$old) {
    fwrite(STDERR, "$behind [$level]  $text \n");
    return;
  }
  $width = max((int) getenv('COLUMNS') ?: 80, 20) - strlen("[$level]") - 1;
  $lines = explode("\n", wordwrap($text, $width, "\n", TRUE));
  $lines[0] = str_pad($lines[0], $width) . " \e[{$colour}\e[1m[$level]\e[0m";
  fwrite(STDERR, implode("\n", $lines) . "\n");
}

/**
 * As Symfony's console shows an exception.
 */
function thrown(string $text): never {
  fwrite(STDERR, "\nIn SiteProcess.php line 214:\n" . str_repeat(' ', 79) . "\n  $text  \n" . str_repeat(' ', 79) . "\n\n");
  exit(1);
}

try {
  $site = new Site($name);
  $dead = $site->state('dead');
}
catch (Throwable $error) {
  $site = NULL;
  $dead = $error->getMessage();
}
[$command, $first, $second] = $plain + ['', '', ''];
if ($site && $site->state('noisy')) {
  // display_errors, which PHP has on where there is no php.ini.
  echo "\nNotice: Undefined index: [x] in /srv/{site}/probe.module on line 1\n";
  echo "PHP Deprecated:  old() is deprecated in /srv/probe.module on line 0\n";
}
if ($command === 'sql-dump') {
  $file = $options['result-file'] . (isset($options['gzip']) ? '.gz' : '');
  if ($dead) {
    file_put_contents($file, gzencode(''));
    fwrite(STDERR, ($old ? '' : '> ') . "mysqldump: Got error: 2002: \"$dead\" when trying to connect\n");
    // Drush 8 notices nothing.
    $old ? say('success', "Database dump saved to $file") : thrown('Unable to dump database. Rerun with --debug.');
    exit(0);
  }
  $rows = json_encode($site->query('SELECT * FROM state')->fetchAll(PDO::FETCH_ASSOC));
  file_put_contents($file, gzencode("-- MariaDB dump 10.19\nINSERT $rows\n-- Dump completed on 2026-01-01  0:00:00\n"));
  say('success', "Database dump saved to $file");
  exit(0);
}
if ($command === 'status' || $command === 'core-status') {
  $all = ['drush-version' => $old ? '8.4.12' : '12.5.2.0', 'drupal-version' => $old ? '7.98' : '10.3.6'];
  if (!$dead) {
    $all += ['db-status' => 'Connected', 'bootstrap' => 'Successful'];
  }
  if ($site) {
    $all += ['root' => $root, 'private' => $site->conf['file_private_path'] ?? ''];
  }
  echo json_encode($all + ['config-sync' => is_dir("$root/config/sync") ? 'config/sync' : '../config/sync', 'db-password' => 'hunter2'], JSON_PRETTY_PRINT), "\n";
  exit(0);
}
if ($dead) {
  if (!$old) {
    thrown('Bootstrap failed. Run your command with -vvv for more information.');
  }
  say('error', "Command $command needs a higher bootstrap level to run");
  say('error', "The drush command '$command' could not be executed.");
  say('error', 'Drush was not able to start (bootstrap) the Drupal database.');
  exit(1);
}
$site->log(trim("$site->release " . ($name === 'default' ? '' : "$name ") . implode(' ', array_slice($plain, 0, 3))));
// A process that does not end, for as long as somebody holds it up.
while (in_array($command, ['deploy', 'updatedb']) && file_exists($site->settings['database'] . '.wait')) {
  usleep(20000);
}
$wants = (int) file_get_contents("$root/schema.txt");

/**
 * The updates of this code that the database lacks.
 */
function updatedb(string $behind): bool {
  global $site, $wants, $old;
  $has = $site->state('schema', 0);
  if ($has >= $wants) {
    say('success', $old ? 'No database updates required' : 'No pending updates.', $behind);
    return TRUE;
  }
  // It closes the site by itself, and opens it again.
  $was = $site->state('maintenance');
  $site->setState('maintenance', 1);
  echo " Probe  $wants  A table of updates, which is cut\n", "               into pieces.\n";
  usleep(100000);
  $fails = file_exists("$site->root/update-fails.txt");
  if (!$old) {
    say('notice', "Update started: probe_update_$wants", $behind === '' ? '> ' : "$behind > ");
  }
  if ($fails) {
    say('error', trim(file_get_contents("$site->root/update-fails.txt")), $behind === '' ? '> ' : "$behind > ");
    $old ? say('ok', "Performed update: probe_update_$wants") : say('error', "Update aborted by: probe_update_$wants", $behind);
    say($old ? 'ok' : 'error', 'Finished performing updates.', $behind);
  }
  else {
    $site->setState('schema', $wants);
    say('success', 'Finished performing updates.', $behind);
  }
  $site->setState('maintenance', $was);
  return !$fails;
}

/**
 * The name under which a variable is kept here.
 */
function variable(string $name): string {
  return in_array($name, ['system.maintenance_mode', 'maintenance_mode']) ? 'maintenance' : $name;
}

switch ($command) {
  case 'updatedb:status':
  case 'updatedb-status':
    if ($site->state('schema', 0) >= $wants) {
      say($old ? 'ok' : 'success', 'No database updates required.');
      break;
    }
    echo $old ? json_encode([['module' => 'Probe', 'update_id' => $wants]])
      : json_encode(["probe_update_$wants" => ['module' => 'probe', 'update_id' => $wants]], JSON_PRETTY_PRINT), "\n";
    break;

  case 'updatedb':
    if (!updatedb('')) {
      exit(1);
    }
    if ($old) {
      $site->rebuild();
    }
    break;

  case 'deploy':
    say('notice', 'Database updates start.');
    if (!updatedb('>')) {
      thrown("The command \"$argv[0] updatedb --yes\" failed.");
    }
    say('success', 'Config import start.');
    if (!is_file("$root/../config/sync/core.extension.yml") && !is_file("$root/config/sync/core.extension.yml")) {
      say('error', 'This import is empty and if applied would delete all of your configuration, so has been rejected.', '>');
      thrown("The command \"$argv[0] config:import --yes\" failed.");
    }
    $site->setState('imported', $site->release);
    say('success', 'Cache rebuild start.');
    // Fall through.

  case 'cache:rebuild':
  case 'cc':
    usleep(50000);
    $site->rebuild();
    say('success', $old ? "'all' cache was cleared." : 'Cache rebuild complete.');
    break;

  case 'php-eval':
    if (str_contains($first, 'cache_page')) {
      $site->query("DELETE FROM cache WHERE bin = 'page'");
    }
    break;

  case 'deploy:hook':
    say('success', 'No pending deploy hooks.');
    break;

  case 'state:get':
    echo $site->state(variable($first)) ?? '', "\n";
    break;

  case 'vget':
    if ($site->state(variable($first)) === NULL) {
      say('error', 'No matching variable found.');
      exit(1);
    }
    echo $site->state(variable($first)), "\n";
    break;

  case 'state:set':
  case 'vset':
    $site->setState(variable($first), variable($first) === 'maintenance' ? (int) $second : $second);
    if ($old) {
      say('success', "$first was set to $second.");
    }
    break;

  default:
    say('error', "The drush command '$command' could not be found.");
    exit(1);
}
