<?php

/**
 * A class that moves from release to release.
 */
final class Probe {

  /**
   * The release of this file.
   */
  public static function release(): string {
    return '@RELEASE@';
  }

}
