<?php // 5
