<?php

namespace Drupal\mktprobe\@LAYOUT@;

use Drupal\Core\Controller\ControllerBase;

/**
 * The page.
 */
class ProbeController extends ControllerBase {

  /**
   * One line for each part.
   */
  public function page() {
    @THROW@
    $has = (int) \Drupal::state()->get('mktprobe.schema', 1);
    if ($has < @SCHEMA@) {
      throw new \RuntimeException("the database has schema $has, the code wants @SCHEMA@");
    }
    return [
      'page' => [
        '#theme' => 'mktprobe',
        '#parts' => ['controller' => '@RELEASE@', 'class' => Probe::release()],
      ],
      // Discovery keeps the absolute path of its template.
      'component' => ['#type' => 'component', '#component' => 'mktprobe:@layout@'],
    ];
  }

}
