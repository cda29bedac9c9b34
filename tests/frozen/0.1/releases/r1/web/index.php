<?php // 1
