<?php

/**
 * @file
 * The front controller.
 */

@FRONT@
require __DIR__ . '/core/bootstrap.php';
$site = new Site(Site::of(__DIR__, $_SERVER['HTTP_HOST'] ?? ''));
header('Content-Type: text/plain; charset=utf-8');
$path = trim(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH), '/');
[$status, $body] = $site->answer($path, $_SERVER['REQUEST_URI']);
http_response_code($status);
echo $body;
