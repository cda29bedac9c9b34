<?php // 2
