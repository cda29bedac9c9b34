<?php

namespace Drupal\mktprobe\@LAYOUT@;

/**
 * A class that moves from release to release.
 */
class Probe {

  /**
   * The release of this file.
   */
  public static function release(): string {
    return '@RELEASE@';
  }

}
